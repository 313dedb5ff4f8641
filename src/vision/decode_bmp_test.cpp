#include <gtest/gtest.h>

#include <vector>

#include "vision/decode.hpp"

namespace ounce::vision {
namespace {

void put16(Bytes& to, std::uint32_t value) {
    to.push_back(static_cast<std::uint8_t>(value));
    to.push_back(static_cast<std::uint8_t>(value >> 8));
}
void put32(Bytes& to, std::uint32_t value) {
    put16(to, value & 0xFFFF);
    put16(to, value >> 16);
}

struct BmpOptions {
    std::uint32_t compression = 0;
    std::vector<std::uint32_t> masks{};    // behind the 40-byte header
    std::vector<std::uint32_t> colours{};  // 0xRRGGBB
    std::uint32_t header_bytes = 40;       // larger: the masks are part of it
};

Bytes bmp_of(std::int32_t width, std::int32_t height, std::uint32_t bits, Bytes const& pixels,
             BmpOptions const& options = {}) {
    Bytes header;
    put32(header, options.header_bytes);
    put32(header, static_cast<std::uint32_t>(width));
    put32(header, static_cast<std::uint32_t>(height));
    put16(header, 1);
    put16(header, bits);
    put32(header, options.compression);
    put32(header, static_cast<std::uint32_t>(pixels.size()));
    put32(header, 2835);
    put32(header, 2835);
    put32(header, static_cast<std::uint32_t>(options.colours.size()));
    put32(header, 0);
    for (auto const mask : options.masks) put32(header, mask);
    if (options.header_bytes > header.size()) header.resize(options.header_bytes);
    for (auto const colour : options.colours) put32(header, colour);
    Bytes file{'B', 'M'};
    put32(file, static_cast<std::uint32_t>(14 + header.size() + pixels.size()));
    put32(file, 0);
    put32(file, static_cast<std::uint32_t>(14 + header.size()));
    file.insert(file.end(), header.begin(), header.end());
    file.insert(file.end(), pixels.begin(), pixels.end());
    return file;
}

/// The oldest kind: 12 bytes of header, colours of three bytes.
Bytes old_bmp() {
    Bytes file{'B', 'M'};
    put32(file, 0);
    put32(file, 0);
    put32(file, 14 + 12 + 6);
    put32(file, 12);
    put16(file, 2);
    put16(file, 1);
    put16(file, 1);
    put16(file, 1);
    for (std::uint8_t const byte : Bytes{3, 2, 1, 6, 5, 4, 0x40, 0, 0, 0}) file.push_back(byte);
    return file;
}

std::vector<std::uint32_t> colours(std::size_t count) {
    std::vector<std::uint32_t> list;
    for (std::uint32_t i = 0; i < count; ++i) list.push_back(i << 16 | (i + 100) << 8 | (255 - i));
    return list;
}

using Pixels = std::vector<std::uint8_t>;

/// The pixels of `colours` above.
Pixels pixels_of(std::vector<std::uint8_t> const& indexes) {
    Pixels pixels;
    for (auto const i : indexes)
        pixels.insert(pixels.end(),
                      {i, static_cast<std::uint8_t>(i + 100), static_cast<std::uint8_t>(255 - i)});
    return pixels;
}

TEST(DecodeBmp, ReadsEveryKind) {
    struct Case {
        char const* name;
        Bytes file;
        Pixels pixels;
    };
    std::vector<Case> const cases =
        {
            {"24 bits, bottom up, rows padded",
             bmp_of(1, 2, 24, {1, 2, 3, 0, 4, 5, 6, 0}),
             {6, 5, 4, 3, 2, 1}},
            {"24 bits, top down", bmp_of(1, -2, 24, {1, 2, 3, 0, 4, 5, 6, 0}), {3, 2, 1, 6, 5, 4}},
            {"last row's padding missing", bmp_of(1, 2, 24, {1, 2, 3, 0, 4, 5, 6}), {6, 5, 4, 3, 2, 1}},
            {"32 bits, fourth byte unused", bmp_of(1, 1, 32, {1, 2, 3, 0}), {3, 2, 1}},
            {"16 bits: 5, 5, 5", bmp_of(2, 1, 16, {0x00, 0x7C, 0xFF, 0x7F}), {255, 0, 0, 255, 255, 255}},
            {"16 bits: 5, 6, 5",
             bmp_of(2, 1, 16, {0x00, 0xF8, 0x20, 0x00},
                    {.compression = 3, .masks = {0xF800, 0x07E0, 0x001F}}),
             {255, 0, 0, 0, 4, 0}},
            {"32 bits, channels elsewhere",
             bmp_of(1, 1, 32, {9, 1, 2, 3}, {.compression = 3, .masks = {0xFF00, 0xFF0000, 0xFF000000}}),
             {1, 2, 3}},
            {"alpha over white",
             bmp_of(2, 1, 32, {0, 0, 0, 51, 1, 2, 3, 255},
                    {.compression = 3, .masks = {0xFF0000, 0xFF00, 0xFF, 0xFF000000}, .header_bytes = 108}),
             {204, 204, 204, 3, 2, 1}},
            {"alpha that nobody filled in",
             bmp_of(1, 1, 32, {1, 2, 3, 0},
                    {.compression = 3, .masks = {0xFF0000, 0xFF00, 0xFF, 0xFF000000}, .header_bytes = 108}),
             {3, 2, 1}},
            {"1 bit", bmp_of(9, 1, 1, {0x40, 0x80, 0, 0}, {.colours = colours(2)}),
             pixels_of({0, 1, 0, 0, 0, 0, 0, 0, 1})},
            {"4 bits", bmp_of(3, 1, 4, {0x1F, 0x70, 0, 0}, {.colours = colours(16)}), pixels_of({1, 15, 7})},
            {"8 bits", bmp_of(2, 1, 8, {5, 90, 0, 0}, {.colours = colours(100)}), pixels_of({5, 90})},
            {"12-byte header", old_bmp(), {1, 2, 3, 4, 5, 6}},
            {"RLE8: run, literal, jump, end",
             bmp_of(4, 2, 8, {2, 7, 0, 2, 1, 1, 1, 9, 0, 1}, {.compression = 1, .colours = colours(100)}),
             [] {
                 Pixels pixels(24, 255);  // what no run covers stays white
                 auto const low = pixels_of({7, 7});
                 std::copy(low.begin(), low.end(), pixels.begin() + 12);
                 auto const high = pixels_of({9});
                 std::copy(high.begin(), high.end(), pixels.begin() + 9);
                 return pixels;
             }()},
            {"RLE8: three literals with padding",
             bmp_of(3, 2, 8, {0, 3, 4, 5, 6, 0, 0, 0, 3, 1, 0, 1},
                    {.compression = 1, .colours = colours(100)}),
             pixels_of({1, 1, 1, 4, 5, 6})},
            {"RLE4",
             bmp_of(5, 1, 4, {3, 0x12, 0, 3, 0x45, 0x60, 0, 1}, {.compression = 2, .colours = colours(16)}),
             pixels_of({1, 2, 1, 4, 5})}};
    for (auto const& [name, file, pixels] : cases) {
        auto const decoded = decode(file);
        ASSERT_TRUE(decoded) << name << ": " << decoded.error().message;
        EXPECT_EQ(decoded->image.rgb, pixels) << name;
        EXPECT_FALSE(decoded->damaged) << name;
    }
}

TEST(DecodeBmp, UsesTheRowsOfACutFile) {
    auto const decoded = decode(bmp_of(1, 4, 24, {1, 2, 3, 0, 4, 5, 6, 0, 7}));
    ASSERT_TRUE(decoded);
    EXPECT_TRUE(decoded->damaged);
    EXPECT_NE(decoded->damage.find("50 %"), std::string::npos) << decoded->damage;
    EXPECT_EQ(decoded->image.rgb, (Pixels{255, 255, 255, 255, 255, 255, 6, 5, 4, 3, 2, 1}));
    EXPECT_EQ(decode(bmp_of(2, 1, 24, {1})).error().code, Code::DataLoss);
    EXPECT_EQ(decode(bmp_of(2, 1, 24, {})).error().code, Code::DataLoss);
}

TEST(DecodeBmp, RefusesHostileHeadersByOneErrorEach) {
    Bytes const pixel{1, 2, 3, 0};
    EXPECT_EQ(decode(bmp_of(60'000, 60'000, 24, pixel)).error().code, Code::ResourceExhausted);
    EXPECT_EQ(decode(bmp_of(INT32_MAX, INT32_MAX, 1, pixel)).error().code, Code::ResourceExhausted);
    EXPECT_EQ(decode(bmp_of(0, 1, 24, pixel)).error().code, Code::DataLoss);
    EXPECT_EQ(decode(bmp_of(-5, 1, 24, pixel)).error().code, Code::DataLoss);
    EXPECT_EQ(decode(bmp_of(1, INT32_MIN, 24, pixel)).error().code, Code::DataLoss);
    EXPECT_EQ(decode(bmp_of(1, 1, 13, pixel)).error().code, Code::Unimplemented);
    EXPECT_EQ(decode(bmp_of(1, 1, 24, pixel, {.compression = 4})).error().code, Code::Unimplemented);
    EXPECT_EQ(decode(bmp_of(1, 1, 8, pixel, {.header_bytes = 2000})).error().code, Code::DataLoss);
    EXPECT_EQ(decode(as_bytes("BM")).error().code, Code::DataLoss);
}

TEST(DecodeBmp, CutAndBrokenFilesGiveAPictureOrOneError) {
    Bytes runs;
    for (int i = 0; i < 40; ++i) runs.insert(runs.end(), {3, static_cast<std::uint8_t>(i), 0, 0});
    for (auto const& whole :
         {bmp_of(9, 9, 8, runs, {.compression = 1, .colours = colours(20)}), bmp_of(4, 3, 32, Bytes(48, 7)),
          bmp_of(5, 5, 16, Bytes(60, 9), {.compression = 3, .masks = {0xF800, 0x07E0, 0x001F}})})
        for (std::size_t at = 2; at < whole.size(); ++at)
            for (std::uint8_t const value : Bytes{0x00, 0x01, 0x7F, 0x80, 0xFF}) {
                auto file = whole;
                file[at] = value;
                auto const decoded = decode(file, {.memory_bytes_max = 1 << 20});
                EXPECT_TRUE(decoded || !decoded.error().message.empty());
                static_cast<void>(decode(ByteView(whole).first(at)));
            }
}

}  // namespace
}  // namespace ounce::vision
