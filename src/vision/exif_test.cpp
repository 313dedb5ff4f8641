#include "vision/exif.hpp"

#include <gtest/gtest.h>

#include <map>

namespace ounce::vision {
namespace {

using namespace std::chrono_literals;

/// Builds EXIF blocks of either byte order.
class Block {
  public:
    explicit Block(bool big) : big_(big) {}

    void text(bool photo, std::uint32_t tag, std::string const& value) {
        entries_[photo][tag] = {2, value + std::string(1, '\0')};
    }
    void number(std::uint32_t tag, std::uint32_t value) {
        entries_[false][tag] = {3,
                                big_ ? std::string{static_cast<char>(value >> 8), static_cast<char>(value)}
                                     : std::string{static_cast<char>(value), static_cast<char>(value >> 8)}};
    }

    [[nodiscard]] Bytes bytes() const {
        auto main = entries_[false];
        auto const& photo = entries_[true];
        // Header, first directory (one more entry: where the second is), second directory, then the texts.
        std::size_t const photo_at = 8 + 2 + (main.size() + 1) * 12 + 4;
        std::size_t const texts_at = photo_at + 2 + photo.size() * 12 + 4;
        Bytes out = big_ ? Bytes{'M', 'M'} : Bytes{'I', 'I'};
        Bytes texts;
        put16(out, 42);
        put32(out, 8);
        main[0x8769] = {4, std::string()};
        for (auto const& directory : {main, photo}) {
            put16(out, static_cast<std::uint32_t>(directory.size()));
            for (auto const& [tag, entry] : directory) {
                put16(out, tag);
                put16(out, entry.type);
                auto const unit = entry.type == 3 ? 2U : 1U;
                put32(out, entry.type == 4 ? 1 : static_cast<std::uint32_t>(entry.value.size()) / unit);
                if (entry.type == 4) {
                    put32(out, static_cast<std::uint32_t>(photo_at));
                } else if (entry.value.size() > 4) {
                    put32(out, static_cast<std::uint32_t>(texts_at + texts.size()));
                    texts.insert(texts.end(), entry.value.begin(), entry.value.end());
                } else {
                    auto padded = entry.value;
                    padded.resize(4, '\0');
                    out.insert(out.end(), padded.begin(), padded.end());
                }
            }
            put32(out, 0);
        }
        out.insert(out.end(), texts.begin(), texts.end());
        return out;
    }

  private:
    struct Entry {
        std::uint32_t type = 0;
        std::string value;
    };
    void put16(Bytes& to, std::uint32_t value) const {
        auto const low = static_cast<std::uint8_t>(value);
        auto const high = static_cast<std::uint8_t>(value >> 8);
        to.push_back(big_ ? high : low);
        to.push_back(big_ ? low : high);
    }
    void put32(Bytes& to, std::uint32_t value) const {
        put16(to, big_ ? value >> 16 : value & 0xFFFF);
        put16(to, big_ ? value & 0xFFFF : value >> 16);
    }

    bool big_;
    std::map<std::uint32_t, Entry> entries_[2];
};

void append(Bytes& to, std::string_view text) {
    to.insert(to.end(), text.begin(), text.end());
}

Bytes jpeg_with(Bytes const& block) {
    Bytes file{0xFF, 0xD8, 0xFF, 0xE0, 0, 4, 'J', 'F', 0xFF, 0xE1};
    auto const length = block.size() + 8;
    file.push_back(static_cast<std::uint8_t>(length >> 8));
    file.push_back(static_cast<std::uint8_t>(length));
    append(file, {"Exif\0\0", 6});
    file.insert(file.end(), block.begin(), block.end());
    append(file, "\xFF\xDA");
    return file;
}

Bytes png_with(Bytes const& block) {
    Bytes file;
    append(file, {"\x89PNG\r\n\x1a\n\0\0\0\2gAMA..crc.\0\0", 24});
    file.push_back(static_cast<std::uint8_t>(block.size() >> 8));
    file.push_back(static_cast<std::uint8_t>(block.size()));
    append(file, "eXIf");
    file.insert(file.end(), block.begin(), block.end());
    return file;
}

Bytes webp_with(Bytes const& block) {
    Bytes file;
    append(file, {"RIFF\0\0\0\0WEBPVP8L\3\0\0\0abc\0EXIF", 28});
    file.push_back(static_cast<std::uint8_t>(block.size()));
    file.push_back(static_cast<std::uint8_t>(block.size() >> 8));
    append(file, {"\0\0", 2});
    file.insert(file.end(), block.begin(), block.end());
    return file;
}

Block camera(bool big) {
    Block block(big);
    block.number(0x0112, 6);
    block.text(false, 0x010F, "RECONYX  ");
    block.text(false, 0x0110, "PC900");
    block.text(false, 0x0132, "2020:01:01 00:00:00");
    block.text(true, 0x9003, "2017:05:28 19:20:01");
    block.text(true, 0x9291, "25");
    block.text(true, 0x9011, "-07:00");
    block.text(true, 0xA431, "P900FF");
    return block;
}

CameraTime at(int year, unsigned month, unsigned day, std::chrono::milliseconds since_midnight) {
    return CameraTime{std::chrono::local_days{std::chrono::year{year} / static_cast<int>(month) /
                                              static_cast<int>(day)}} +
           since_midnight;
}

TEST(ReadExif, FindsTheTagsInEachFormatAndByteOrder) {
    for (bool const big : {false, true}) {
        auto const block = camera(big).bytes();
        for (auto const& file : {jpeg_with(block), png_with(block), webp_with(block)}) {
            auto const exif = read_exif(file);
            EXPECT_EQ(exif.orientation, 6);
            EXPECT_EQ(exif.make, "RECONYX");
            EXPECT_EQ(exif.model, "PC900");
            EXPECT_EQ(exif.serial, "P900FF");
            ASSERT_TRUE(exif.taken);
            EXPECT_EQ(*exif.taken, at(2017, 5, 28, 19h + 20min + 1250ms));
            EXPECT_EQ(exif.utc_offset, -7h);
        }
    }
}

TEST(ReadExif, ReadsSubSecondsAsAFraction) {
    for (auto const& [text, milliseconds] :
         {std::pair{"5", 500}, {"037", 37}, {"25 ", 250}, {"123456", 123}, {"", 0}, {"x", 0}, {" ", 0}}) {
        Block block(false);
        block.text(true, 0x9003, "2017:05:28 00:00:00");
        block.text(true, 0x9291, text);
        EXPECT_EQ(read_exif(jpeg_with(block.bytes())).taken,
                  at(2017, 5, 28, std::chrono::milliseconds(milliseconds)))
            << text;
    }
}

TEST(ReadExif, FallsBackToOtherTimes) {
    Block block(false);
    block.text(false, 0x0132, "2020:01:01 00:00:00");
    EXPECT_EQ(read_exif(jpeg_with(block.bytes())).taken, at(2020, 1, 1, 0ms));
    block.text(true, 0x9004, "2019-02-03 04:05:06");
    block.text(true, 0x9003, "0000:00:00 00:00:00");
    EXPECT_EQ(read_exif(jpeg_with(block.bytes())).taken, at(2019, 2, 3, 4h + 5min + 6s));
}

TEST(ReadExif, ImpossibleDatesCountAsMissing) {
    for (auto const* text : {"0000:00:00 00:00:00", "    :  :     :  :  ", "2017:13:01 00:00:00",
                             "2017:02:29 00:00:00", "2017:01:01 24:00:00", "2017:01:01 00:60:00",
                             "2017:01:01", "2017:01:01 00:00:61", "", "now", "-017:01:01 00:00:00"}) {
        Block block(true);
        block.text(true, 0x9003, text);
        EXPECT_FALSE(read_exif(jpeg_with(block.bytes())).taken) << text;
    }
}

TEST(ReadExif, CutsTextsToWhatCanBeShown) {
    Block block(false);
    block.text(false, 0x010F, std::string(5000, 'x'));
    block.text(false, 0x0110, "  a\x01\x1b[31m\xff b  ");
    block.text(false, 0xC62F, "77");
    auto const exif = read_exif(jpeg_with(block.bytes()));
    EXPECT_EQ(exif.make, std::string(128, 'x'));
    EXPECT_EQ(exif.model, "a[31m b");
    EXPECT_EQ(exif.serial, "77");
}

TEST(ReadExif, OrientationOutsideItsRangeIsUpright) {
    for (auto const value : {0U, 9U, 65'535U}) {
        Block block(false);
        block.number(0x0112, value);
        EXPECT_EQ(read_exif(jpeg_with(block.bytes())).orientation, 1);
    }
}

TEST(ReadExif, SurvivesEveryCutAndEveryBrokenByte) {
    auto const block = camera(false).bytes();
    for (auto const& whole : {jpeg_with(block), png_with(block), webp_with(block)})
        for (std::size_t i = 0; i < whole.size(); ++i) {
            static_cast<void>(read_exif(ByteView(whole).first(i)));
            for (std::uint8_t const value : Bytes{0x00, 0x7F, 0x80, 0xFF}) {
                auto file = whole;
                file[i] = value;
                auto const exif = read_exif(file);
                EXPECT_GE(exif.orientation, 1);
                EXPECT_LE(exif.orientation, 8);
            }
        }
}

TEST(ReadExif, IsNotLedInCirclesOrOutside) {
    Bytes circle{'I', 'I', 42, 0, 8, 0, 0, 0, 0xFF, 0xFF};
    for (int i = 0; i < 3000; ++i)  // every entry points at its own directory
        circle.insert(circle.end(), {0x69, 0x87, 4, 0, 1, 0, 0, 0, 8, 0, 0, 0});
    EXPECT_EQ(read_exif(jpeg_with(circle)).orientation, 1);
    Bytes const far{'I', 'I', 42,   0,    8,    0,    0,    0,    1, 0, 0x0F, 1,
                    2,   0,   0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0,    0};
    EXPECT_EQ(read_exif(jpeg_with(far)).make, "");
}

}  // namespace
}  // namespace ounce::vision
