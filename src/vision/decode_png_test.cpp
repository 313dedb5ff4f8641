#include <gtest/gtest.h>
#include <png.h>

#include <vector>

#include "vision/decode.hpp"

namespace ounce::vision {
namespace {

struct PngOptions {
    int bits = 8;
    bool interlaced = false;
    std::vector<png_color> palette{};
    std::vector<std::uint8_t> palette_alpha{};
};

void append(png_structp png, png_bytep bytes, std::size_t count) {
    auto& file = *static_cast<Bytes*>(png_get_io_ptr(png));
    file.insert(file.end(), bytes, bytes + count);
}

/// `rows` as PNG stores them: 16 bits big-endian, bits below 8 packed.
Bytes png_of(int width, int colour_type, std::vector<std::vector<std::uint8_t>> rows,
             PngOptions const& options = {}) {
    Bytes file;
    auto* png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
    auto* info = png_create_info_struct(png);
    png_set_write_fn(png, &file, append, nullptr);
    png_set_IHDR(png, info, static_cast<png_uint_32>(width), static_cast<png_uint_32>(rows.size()),
                 options.bits, colour_type, options.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (!options.palette.empty())
        png_set_PLTE(png, info, options.palette.data(), static_cast<int>(options.palette.size()));
    if (!options.palette_alpha.empty())
        png_set_tRNS(png, info, options.palette_alpha.data(), static_cast<int>(options.palette_alpha.size()),
                     nullptr);
    png_write_info(png, info);
    std::vector<png_bytep> pointers;
    for (auto& row : rows) pointers.push_back(row.data());
    png_write_image(png, pointers.data());
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    return file;
}

using Pixels = std::vector<std::uint8_t>;

TEST(DecodePng, ReadsEveryKindOfPixel) {
    PngOptions palette{.palette = {{10, 20, 30}, {200, 100, 50}}};
    palette.bits = 1;
    PngOptions see_through{.palette = {{10, 20, 30}, {200, 100, 50}}, .palette_alpha = {255, 0}};
    struct Case {
        char const* name;
        Bytes file;
        Pixels pixels;
        bool grey;
    };
    std::vector<Case> const cases = {
        {"RGB", png_of(2, PNG_COLOR_TYPE_RGB, {{1, 2, 3, 4, 5, 6}}), {1, 2, 3, 4, 5, 6}, false},
        {"RGB, 16 bits, scaled and not cut",
         png_of(1, PNG_COLOR_TYPE_RGB, {{0x81, 0x00, 0xFF, 0xFF, 0, 0x90}}, {.bits = 16}),
         {128, 255, 1},
         false},
        {"grey", png_of(2, PNG_COLOR_TYPE_GRAY, {{7, 200}}), {7, 7, 7, 200, 200, 200}, true},
        {"grey, 1 bit",
         png_of(2, PNG_COLOR_TYPE_GRAY, {{0x40}}, {.bits = 1}),
         {0, 0, 0, 255, 255, 255},
         true},
        {"grey, 16 bits", png_of(1, PNG_COLOR_TYPE_GRAY, {{0x12, 0x12}}, {.bits = 16}), {18, 18, 18}, true},
        {"grey and alpha",
         png_of(2, PNG_COLOR_TYPE_GRAY_ALPHA, {{0, 128, 9, 255}}),
         {127, 127, 127, 9, 9, 9},
         true},
        {"RGB and alpha",
         png_of(3, PNG_COLOR_TYPE_RGBA, {{9, 9, 9, 0, 0, 0, 0, 51, 1, 2, 3, 255}}),
         {255, 255, 255, 204, 204, 204, 1, 2, 3},
         false},
        {"palette", png_of(2, PNG_COLOR_TYPE_PALETTE, {{0x40}}, palette), {10, 20, 30, 200, 100, 50}, false},
        {"palette with alpha",
         png_of(2, PNG_COLOR_TYPE_PALETTE, {{0, 1}}, see_through),
         {10, 20, 30, 255, 255, 255},
         false}};
    for (auto const& [name, file, pixels, grey] : cases) {
        auto const decoded = decode(file);
        ASSERT_TRUE(decoded) << name << decoded.error().message;
        EXPECT_EQ(decoded->image.rgb, pixels) << name;
        EXPECT_EQ(decoded->grey, grey) << name;
        EXPECT_FALSE(decoded->damaged) << name;
    }
}

std::vector<Pixels> noisy_rows(int height, int row_bytes) {
    std::vector<Pixels> rows;
    unsigned state = 1;
    for (int y = 0; y < height; ++y) {
        rows.emplace_back();
        for (int i = 0; i < row_bytes; ++i)
            rows.back().push_back(static_cast<std::uint8_t>((state = state * 1664525U + 1013904223U) >> 24));
    }
    return rows;
}

TEST(DecodePng, InterlacedIsTheSamePicture) {
    for (auto const& [type, channels] : {std::pair{PNG_COLOR_TYPE_RGB, 3}, {PNG_COLOR_TYPE_RGBA, 4}}) {
        auto const rows = noisy_rows(21, 19 * channels);
        auto const plain = decode(png_of(19, type, rows));
        auto const interlaced = decode(png_of(19, type, rows, {.interlaced = true}));
        ASSERT_TRUE(plain && interlaced);
        EXPECT_EQ(plain->image.rgb, interlaced->image.rgb);
    }
}

TEST(DecodePng, UsesTheRowsOfACutFile) {
    auto const rows = noisy_rows(200, 100 * 3);
    auto const whole = png_of(100, PNG_COLOR_TYPE_RGB, rows);
    auto const cut = decode(ByteView(whole).first(whole.size() / 2));
    ASSERT_TRUE(cut) << cut.error().message;
    EXPECT_TRUE(cut->damaged);
    EXPECT_NE(cut->damage.find("breaks off; 4"), std::string::npos) << cut->damage;
    EXPECT_TRUE(std::equal(rows[0].begin(), rows[0].end(), cut->image.row(0)));
    EXPECT_EQ(cut->image.row(199)[0], 255);
}

TEST(DecodePng, BrokenChecksumsAndBytesGiveAPictureOrOneError) {
    for (bool const interlaced : {false, true}) {
        auto const whole = png_of(12, PNG_COLOR_TYPE_RGBA, noisy_rows(10, 48), {.interlaced = interlaced});
        for (std::size_t at = 8; at < whole.size(); ++at) {
            auto file = whole;
            file[at] ^= 0x55;
            auto const decoded = decode(file, {.memory_bytes_max = 1 << 20});
            EXPECT_TRUE(decoded || !decoded.error().message.empty()) << at;
            EXPECT_TRUE(decode(ByteView(whole).first(at)) || at < whole.size());
        }
    }
}

TEST(DecodePng, RefusesAHugeHeaderBeforeTakingMemory) {
    auto file = png_of(1, PNG_COLOR_TYPE_RGB, {{1, 2, 3}});
    file[18] = file[22] = 0xEA;  // 60,000 and one
    file[19] = file[23] = 0x61;
    EXPECT_EQ(read_header(file)->width_px, 60'001);
    EXPECT_EQ(decode(file).error().code, Code::ResourceExhausted);
    EXPECT_EQ(decode(ByteView(file).first(20)).error().code, Code::DataLoss);
}

}  // namespace
}  // namespace ounce::vision
