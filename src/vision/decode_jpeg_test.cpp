#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <vector>

// jpeglib.h needs <cstdio> before it.
#include <jpeglib.h>

#include "vision/decode.hpp"

namespace ounce::vision {
namespace {

struct JpegOptions {
    bool progressive = false;
    bool adobe = true;  // of four channels: marked as Adobe's, inks inverted
    int restart_rows = 0;
    int quality = 92;
};

/// `pixels`: `channels` bytes each; 1 grey, 3 RGB, 4 CMYK (stored as YCCK).
Bytes jpeg_of(int width, int height, int channels, std::vector<std::uint8_t> pixels,
              JpegOptions const& options = {}) {
    jpeg_compress_struct cinfo{};
    jpeg_error_mgr errors{};
    cinfo.err = jpeg_std_error(&errors);
    jpeg_create_compress(&cinfo);
    unsigned char* out = nullptr;
    unsigned long size = 0;
    jpeg_mem_dest(&cinfo, &out, &size);
    cinfo.image_width = static_cast<JDIMENSION>(width);
    cinfo.image_height = static_cast<JDIMENSION>(height);
    cinfo.input_components = channels;
    cinfo.in_color_space = channels == 1 ? JCS_GRAYSCALE : channels == 3 ? JCS_RGB : JCS_CMYK;
    jpeg_set_defaults(&cinfo);
    if (channels == 4) jpeg_set_colorspace(&cinfo, options.adobe ? JCS_YCCK : JCS_CMYK);
    cinfo.write_Adobe_marker = channels == 4 && options.adobe ? TRUE : FALSE;
    jpeg_set_quality(&cinfo, options.quality, TRUE);
    if (options.progressive) jpeg_simple_progression(&cinfo);
    cinfo.restart_in_rows = options.restart_rows;
    jpeg_start_compress(&cinfo, TRUE);
    while (cinfo.next_scanline < cinfo.image_height) {
        JSAMPROW row = pixels.data() + static_cast<std::size_t>(cinfo.next_scanline) *
                                           static_cast<std::size_t>(width * channels);
        jpeg_write_scanlines(&cinfo, &row, 1);
    }
    jpeg_finish_compress(&cinfo);
    jpeg_destroy_compress(&cinfo);
    Bytes file(out, out + size);
    std::free(out);
    return file;
}

std::vector<std::uint8_t> filled(int width, int height, std::vector<std::uint8_t> const& pixel) {
    std::vector<std::uint8_t> pixels;
    for (int i = 0; i < width * height; ++i) pixels.insert(pixels.end(), pixel.begin(), pixel.end());
    return pixels;
}

/// Left to right dark to bright, with enough texture that rows cost bytes.
std::vector<std::uint8_t> textured(int width, int height) {
    std::vector<std::uint8_t> pixels;
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x)
            for (int c = 0; c < 3; ++c)
                pixels.push_back(static_cast<std::uint8_t>(x * 200 / width + (x * 7 + y * 13 + c * 5) % 32));
    return pixels;
}

void expect_near(std::uint8_t const* pixel, std::vector<int> const& rgb, int allowed = 3) {
    for (std::size_t c = 0; c < 3; ++c) EXPECT_NEAR(pixel[c], rgb[c], allowed) << c;
}

TEST(DecodeJpeg, ReadsColourAndGreyBaselineAndProgressive) {
    for (bool const progressive : {false, true}) {
        JpegOptions const options{.progressive = progressive};
        auto const colour = decode(jpeg_of(37, 21, 3, filled(37, 21, {200, 60, 30}), options));
        ASSERT_TRUE(colour);
        EXPECT_EQ(colour->image.width_px, 37);
        EXPECT_EQ(colour->image.height_px, 21);
        EXPECT_FALSE(colour->grey);
        EXPECT_FALSE(colour->damaged) << colour->damage;
        expect_near(colour->image.row(20) + 36 * 3, {200, 60, 30});

        auto const grey = decode(jpeg_of(9, 5, 1, filled(9, 5, {99}), options));
        ASSERT_TRUE(grey);
        EXPECT_TRUE(grey->grey);
        expect_near(grey->image.row(4), {99, 99, 99}, 1);
    }
}

TEST(DecodeJpeg, TurnsInksIntoLightWhetherInvertedOrNot) {
    // Cyan 255, half of key: no red, half of green and blue. Adobe stores 255 - ink.
    auto const plain = decode(jpeg_of(8, 8, 4, filled(8, 8, {255, 0, 0, 128}), {.adobe = false}));
    ASSERT_TRUE(plain);
    expect_near(plain->image.row(3), {0, 127, 127});
    auto const adobe = decode(jpeg_of(8, 8, 4, filled(8, 8, {0, 255, 255, 127}), {.adobe = true}));
    ASSERT_TRUE(adobe);
    expect_near(adobe->image.row(3), {0, 127, 127});
}

TEST(DecodeJpeg, ReducesAsFarAsTheShorterSideAllows) {
    auto const file = jpeg_of(803, 402, 3, textured(803, 402));
    struct Case {
        int shorter_side_min_px;
        int width_px;
        int height_px;
    };
    for (auto const& [least, width, height] :
         {Case{0, 803, 402}, Case{402, 803, 402}, Case{202, 803, 402}, Case{201, 402, 201},
          Case{102, 402, 201}, Case{101, 201, 101}, Case{52, 201, 101}, Case{51, 101, 51}, Case{1, 101, 51},
          Case{9000, 803, 402}}) {
        auto const decoded = decode(file, {.shorter_side_min_px = least});
        ASSERT_TRUE(decoded);
        EXPECT_EQ(decoded->image.width_px, width) << least;
        EXPECT_EQ(decoded->image.height_px, height) << least;
        EXPECT_EQ(decoded->full_width_px, 803);
        EXPECT_EQ(decoded->full_height_px, 402);
        EXPECT_EQ(decoded->image.rgb.size(), static_cast<std::size_t>(width * height * 3));
    }
}

TEST(DecodeJpeg, UsesWhatIsThereOfACutFileAndSaysHowMuch) {
    auto const whole = jpeg_of(320, 320, 3, textured(320, 320));
    auto const reference = decode(whole)->image;
    auto const cut = decode(ByteView(whole).first(whole.size() * 6 / 10));
    ASSERT_TRUE(cut) << cut.error().message;
    EXPECT_TRUE(cut->damaged);
    EXPECT_EQ(cut->image.height_px, 320);
    auto const percent = std::atoi(cut->damage.c_str() + cut->damage.find(';') + 2);
    EXPECT_NEAR(percent, 58, 6) << cut->damage;
    // The rows that are said to be there are the picture's own. The last of them borrows chroma from below.
    auto const rows = static_cast<std::size_t>(320 * percent / 100 - 16) * 320 * 3;
    EXPECT_TRUE(std::equal(cut->image.rgb.begin(), cut->image.rgb.begin() + static_cast<std::ptrdiff_t>(rows),
                           reference.rgb.begin()));
}

TEST(DecodeJpeg, TellsZerosLeftByADyingCardFromThePicture) {
    auto file = jpeg_of(320, 320, 3, textured(320, 320));
    std::fill(file.begin() + static_cast<std::ptrdiff_t>(file.size() / 2), file.end(), std::uint8_t{0});
    auto const decoded = decode(file);
    ASSERT_TRUE(decoded);
    EXPECT_TRUE(decoded->damaged);
    EXPECT_NE(decoded->damage.find("breaks off; 4"), std::string::npos) << decoded->damage;
}

TEST(DecodeJpeg, ZerosBehindTheEndAreNoDamage) {
    auto file = jpeg_of(32, 32, 3, textured(32, 32));
    file.resize(file.size() + 4096, 0);
    EXPECT_FALSE(decode(file)->damaged);
}

TEST(DecodeJpeg, MissingEndMarkIsSaidButCostsNothing) {
    auto const whole = jpeg_of(64, 64, 3, textured(64, 64));
    auto const cut = decode(ByteView(whole).first(whole.size() - 2));
    ASSERT_TRUE(cut);
    EXPECT_TRUE(cut->damaged);
    EXPECT_NE(cut->damage.find("whole picture is there"), std::string::npos) << cut->damage;
    EXPECT_EQ(cut->image.rgb, decode(whole)->image.rgb);
}

TEST(DecodeJpeg, ACutProgressiveFileShowsTheWholePictureCoarsely) {
    auto const whole = jpeg_of(320, 320, 3, textured(320, 320), {.progressive = true});
    auto const cut = decode(ByteView(whole).first(whole.size() / 2));
    ASSERT_TRUE(cut) << cut.error().message;
    EXPECT_TRUE(cut->damaged);
    EXPECT_NE(cut->damage.find("less detail"), std::string::npos) << cut->damage;
    expect_near(cut->image.row(310) + 300 * 3, {200, 200, 200}, 40);
    expect_near(cut->image.row(310) + 10 * 3, {20, 20, 20}, 40);
}

TEST(DecodeJpeg, EveryCutGivesAPictureOrOneError) {
    for (bool const progressive : {false, true}) {
        auto const whole = jpeg_of(64, 48, 3, textured(64, 48), {.progressive = progressive});
        for (std::size_t size = 0; size < whole.size(); ++size) {
            auto const decoded = decode(ByteView(whole).first(size));
            if (decoded) {
                EXPECT_TRUE(decoded->damaged) << size;
                EXPECT_FALSE(decoded->damage.empty());
            } else {
                EXPECT_TRUE(decoded.error().code == Code::DataLoss ||
                            (size < 3 && decoded.error().code == Code::InvalidArgument))
                    << size << decoded.error().message;
            }
        }
    }
}

TEST(DecodeJpeg, EveryBrokenByteGivesAPictureOrOneError) {
    for (bool const progressive : {false, true}) {
        auto const whole =
            jpeg_of(64, 48, 3, textured(64, 48), {.progressive = progressive, .restart_rows = 1});
        for (std::size_t at = 2; at < whole.size(); ++at)
            for (std::uint8_t const value : Bytes{0x00, 0xFF, 0x7F}) {
                auto file = whole;
                file[at] = value;
                auto const decoded = decode(file, {.memory_bytes_max = 4 << 20});
                if (!decoded) {
                    EXPECT_FALSE(decoded.error().message.empty());
                }
            }
    }
}

/// Where the frame header begins: FFC0 to FFC2.
std::size_t frame_at(Bytes const& file) {
    for (std::size_t at = 2; at + 1 < file.size();) {
        if (file[at + 1] >= 0xC0 && file[at + 1] <= 0xC2) return at;
        at += 2 + static_cast<std::size_t>(file[at + 2] << 8 | file[at + 3]);
    }
    return 0;
}

TEST(DecodeJpeg, RefusesAHugeHeaderBeforeTakingMemory) {
    for (bool const progressive : {false, true}) {
        auto file = jpeg_of(16, 16, 3, textured(16, 16), {.progressive = progressive});
        auto const frame = frame_at(file);
        for (std::size_t const at : {frame + 5, frame + 7}) {  // 60,000
            file[at] = 0xEA;
            file[at + 1] = 0x60;
        }
        EXPECT_EQ(read_header(file)->width_px, 60'000);
        EXPECT_EQ(decode(file).error().code, Code::ResourceExhausted);
        // Reduced it would fit, but a progressive file is held whole while it is read.
        DecodeOptions const reduced{.shorter_side_min_px = 100};
        EXPECT_EQ(decode(file, reduced).error().code, progressive ? Code::ResourceExhausted : Code::DataLoss);
    }
}

TEST(DecodeJpeg, NamesTheKindsItDoesNotRead) {
    auto const good = jpeg_of(16, 16, 3, textured(16, 16));
    auto twelve_bits = good;
    twelve_bits[frame_at(good) + 4] = 12;
    auto const refused = decode(twelve_bits);
    EXPECT_EQ(refused.error().code, Code::Unimplemented);
    EXPECT_NE(refused.error().message.find("12 bits"), std::string::npos) << refused.error().message;
    auto lossless = good;
    lossless[frame_at(good) + 1] = 0xC3;
    EXPECT_EQ(decode(lossless).error().code, Code::Unimplemented);
}

TEST(DecodeJpeg, StopsReadingEndlessScans) {
    auto file = jpeg_of(64, 64, 3, textured(64, 64), {.progressive = true});
    // The last scan once more, and once more: from its start (FFDA) up to the end mark.
    std::size_t scan = 0;
    for (std::size_t at = 0; at + 1 < file.size(); ++at)
        if (file[at] == 0xFF && file[at + 1] == 0xDA) scan = at;
    Bytes const last(file.begin() + static_cast<std::ptrdiff_t>(scan), file.end() - 2);
    file.resize(file.size() - 2);
    for (int i = 0; i < 5000; ++i) file.insert(file.end(), last.begin(), last.end());
    auto const decoded = decode(file);
    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_TRUE(decoded->damaged);
}

}  // namespace
}  // namespace ounce::vision
