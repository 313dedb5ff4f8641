#include <gif_lib.h>
#include <gtest/gtest.h>

#include <vector>

#include "vision/decode.hpp"

namespace ounce::vision {
namespace {

struct Frame {
    int left = 0;
    int top = 0;
    int width = 0;
    std::vector<GifPixelType> indexes{};
    bool interlaced = false;
    int transparent = NO_TRANSPARENT_COLOR;
};

int append(GifFileType* gif, GifByteType const* bytes, int count) {
    auto& file = *static_cast<Bytes*>(gif->UserData);
    file.insert(file.end(), bytes, bytes + count);
    return count;
}

/// Colours: 0 black, 1 red, 2 green, 3 blue.
Bytes gif_of(int width, int height, std::vector<Frame> frames) {
    Bytes file;
    int error = 0;
    auto* gif = EGifOpen(&file, append, &error);
    GifColorType const colours[] = {{0, 0, 0}, {255, 0, 0}, {0, 255, 0}, {0, 0, 255}};
    auto* map = GifMakeMapObject(4, colours);
    EGifSetGifVersion(gif, true);
    EGifPutScreenDesc(gif, width, height, 2, 0, map);
    for (auto& frame : frames) {
        if (frame.transparent != NO_TRANSPARENT_COLOR) {
            GraphicsControlBlock const control{0, false, 0, frame.transparent};
            GifByteType block[4];
            EGifGCBToExtension(&control, block);
            EGifPutExtension(gif, GRAPHICS_EXT_FUNC_CODE, sizeof(block), block);
        }
        auto const rows = static_cast<int>(frame.indexes.size()) / frame.width;
        EGifPutImageDesc(gif, frame.left, frame.top, frame.width, rows, frame.interlaced, nullptr);
        for (int y = 0; y < rows; ++y)
            EGifPutLine(gif, frame.indexes.data() + std::ptrdiff_t{y} * frame.width, frame.width);
    }
    GifFreeMapObject(map);
    EGifCloseFile(gif, &error);
    return file;
}

TEST(DecodeGif, ShowsTheFirstFrameAlone) {
    auto const decoded =
        decode(gif_of(2, 1, {{.width = 2, .indexes = {1, 2}}, {.width = 2, .indexes = {3, 3}}}));
    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_EQ(decoded->image.rgb, (std::vector<std::uint8_t>{255, 0, 0, 0, 255, 0}));
    EXPECT_FALSE(decoded->grey);
}

TEST(DecodeGif, LaysTransparencyAndWhatNoFrameCoversOverWhite) {
    auto const decoded =
        decode(gif_of(3, 2, {{.left = 1, .top = 1, .width = 2, .indexes = {3, 0}, .transparent = 0}}));
    ASSERT_TRUE(decoded) << decoded.error().message;
    std::vector<std::uint8_t> expected(18, 255);
    expected[12] = expected[13] = 0;
    EXPECT_EQ(decoded->image.rgb, expected);
}

TEST(DecodeGif, PutsInterlacedRowsInOrder) {
    for (int const height : {1, 2, 3, 5, 8, 11}) {
        // Stored: rows 0, 8, .. then 4, 12, .. then 2, 6, .. then 1, 3, ..; each row's colour is its number.
        std::vector<GifPixelType> stored;
        for (auto const& [start, step] : {std::pair{0, 8}, {4, 8}, {2, 4}, {1, 2}})
            for (int y = start; y < height; y += step) stored.push_back(static_cast<GifPixelType>(y % 4));
        auto const decoded = decode(gif_of(1, height, {{.width = 1, .indexes = stored, .interlaced = true}}));
        ASSERT_TRUE(decoded);
        for (int y = 0; y < height; ++y)
            EXPECT_EQ(decoded->image.row(y)[0], y % 4 == 1 ? 255 : 0) << height << ' ' << y;
    }
}

TEST(DecodeGif, CutsWhatLiesOutsideTheScreen) {
    auto file = gif_of(4, 4, {{.width = 4, .indexes = std::vector<GifPixelType>(16, 1)}});
    file[6] = file[8] = 2;  // the screen made smaller
    auto const decoded = decode(file);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(decoded->image.rgb.size(), 12U);
    file[6] = file[8] = 0;  // none: the frame's size counts
    EXPECT_EQ(decode(file)->image.width_px, 4);
}

TEST(DecodeGif, CutAndBrokenFilesGiveAPictureOrOneError) {
    std::vector<GifPixelType> pixels;
    for (unsigned i = 0; i < 60 * 60; ++i) pixels.push_back(static_cast<GifPixelType>((i * i * i) >> 7 & 3));
    auto const whole = gif_of(60, 60, {{.width = 60, .indexes = pixels}});
    auto const cut = decode(ByteView(whole).first(whole.size() / 2));
    ASSERT_TRUE(cut) << cut.error().message;
    EXPECT_TRUE(cut->damaged);
    EXPECT_NE(cut->damage.find('%'), std::string::npos);
    for (std::size_t at = 6; at < whole.size(); ++at) {
        auto file = whole;
        file[at] ^= 0xFF;
        auto const decoded = decode(file, {.memory_bytes_max = 1 << 20});
        EXPECT_TRUE(decoded || !decoded.error().message.empty());
        static_cast<void>(decode(ByteView(whole).first(at)));
    }
}

TEST(DecodeGif, RefusesAHugeScreenOrFrame) {
    auto screen = gif_of(1, 1, {{.width = 1, .indexes = {1}}});
    screen[6] = screen[7] = screen[8] = screen[9] = 0xFF;
    EXPECT_EQ(decode(screen).error().code, Code::ResourceExhausted);
    EXPECT_EQ(decode(ByteView(screen).first(9)).error().code, Code::DataLoss);
}

}  // namespace
}  // namespace ounce::vision
