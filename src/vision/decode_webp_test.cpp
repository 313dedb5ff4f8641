#include <gtest/gtest.h>
#include <webp/encode.h>

#include <vector>

#include "vision/decode.hpp"

namespace ounce::vision {
namespace {

Bytes taken(std::uint8_t* bytes, std::size_t size) {
    Bytes file(bytes, bytes + size);
    WebPFree(bytes);
    return file;
}

Bytes webp_of(int width, int height, std::vector<std::uint8_t> const& rgba, bool lossless) {
    std::uint8_t* out = nullptr;
    auto const size = lossless ? WebPEncodeLosslessRGBA(rgba.data(), width, height, width * 4, &out)
                               : WebPEncodeRGBA(rgba.data(), width, height, width * 4, 90, &out);
    return taken(out, size);
}

std::vector<std::uint8_t> noise(int count) {
    std::vector<std::uint8_t> bytes;
    unsigned state = 5;
    for (int i = 0; i < count; ++i)
        bytes.push_back(
            i % 4 == 3 ? 255 : static_cast<std::uint8_t>((state = state * 1664525U + 1013904223U) >> 24));
    return bytes;
}

TEST(DecodeWebP, ReadsLosslessExactlyAndAlphaOverWhite) {
    auto const decoded = decode(webp_of(2, 2, {1, 2, 3, 255, 4, 5, 6, 255, 0, 0, 0, 51, 9, 9, 9, 0}, true));
    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_EQ(decoded->image.rgb,
              (std::vector<std::uint8_t>{1, 2, 3, 4, 5, 6, 204, 204, 204, 255, 255, 255}));
}

TEST(DecodeWebP, ReadsLossy) {
    std::vector<std::uint8_t> rgba;
    for (int i = 0; i < 40 * 30; ++i) rgba.insert(rgba.end(), {200, 60, 30, 255});
    auto const decoded = decode(webp_of(40, 30, rgba, false));
    ASSERT_TRUE(decoded);
    EXPECT_EQ(decoded->image.width_px, 40);
    EXPECT_NEAR(decoded->image.row(29)[0], 200, 4);
    EXPECT_NEAR(decoded->image.row(29)[2], 30, 4);
}

TEST(DecodeWebP, UsesTheRowsOfACutFile) {
    for (bool const lossless : {false, true}) {
        auto const whole = webp_of(128, 128, noise(128 * 128 * 4), lossless);
        auto const reference = decode(whole)->image;
        auto const cut = decode(ByteView(whole).first(whole.size() * 7 / 10));
        ASSERT_TRUE(cut) << cut.error().message;
        EXPECT_TRUE(cut->damaged);
        EXPECT_TRUE(std::equal(cut->image.row(0), cut->image.row(8), reference.row(0))) << cut->damage;
    }
}

TEST(DecodeWebP, CutAndBrokenFilesGiveAPictureOrOneError) {
    for (bool const lossless : {false, true}) {
        auto const whole = webp_of(24, 20, noise(24 * 20 * 4), lossless);
        for (std::size_t at = 12; at < whole.size(); ++at) {
            auto file = whole;
            file[at] ^= 0xFF;
            auto const decoded = decode(file, {.memory_bytes_max = 1 << 20});
            EXPECT_TRUE(decoded || !decoded.error().message.empty());
            static_cast<void>(decode(ByteView(whole).first(at)));
        }
    }
}

TEST(DecodeWebP, RefusesMoreThanTheCap) {
    auto const file = webp_of(100, 100, noise(100 * 100 * 4), true);
    EXPECT_EQ(decode(file, {.memory_bytes_max = 35'000}).error().code, Code::ResourceExhausted);
    EXPECT_TRUE(decode(file, {.memory_bytes_max = 100'000}));
}

TEST(DecodeWebP, NamesAnimationsAsNotRead) {
    Bytes file(64, 0);
    std::string const text{"RIFF\x38\0\0\0WEBPVP8X\x0A\0\0\0\x02", 21};
    std::copy(text.begin(), text.end(), file.begin());
    auto const decoded = decode(file);
    EXPECT_EQ(decoded.error().code, Code::Unimplemented);
    EXPECT_NE(decoded.error().message.find("animated"), std::string::npos);
}

}  // namespace
}  // namespace ounce::vision
