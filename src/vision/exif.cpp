#include "vision/exif.hpp"

#include <algorithm>
#include <array>
#include <cctype>

// A TIFF reader of our own, since only ten tags matter and every byte may be hostile: it visits two
// directories at fixed places, follows no chains, and so cannot be led in circles.
namespace ounce::vision {
namespace {

constexpr std::size_t kEntriesMax = 1000;  // cameras write below 100
constexpr std::size_t kTextMax = 128;

enum Tag : std::uint32_t {
    kMake = 0x010F,
    kModel = 0x0110,
    kOrientation = 0x0112,
    kDateTime = 0x0132,
    kExifDirectory = 0x8769,
    kDateTimeOriginal = 0x9003,
    kDateTimeDigitized = 0x9004,
    kOffsetTime = 0x9010,
    kOffsetTimeOriginal = 0x9011,
    kOffsetTimeDigitized = 0x9012,
    kSubSec = 0x9290,
    kSubSecOriginal = 0x9291,
    kSubSecDigitized = 0x9292,
    kBodySerialNumber = 0xA431,
    kCameraSerialNumber = 0xC62F,
};

enum Type : std::uint32_t { kByte = 1, kAscii = 2, kShort = 3, kLong = 4 };

struct Entry {
    std::uint32_t type = 0;
    std::uint64_t count = 0;
    std::size_t at = 0;  // of the four bytes that hold the value or where it is
};

/// A TIFF block. Whatever lies outside it reads as missing.
class Tiff {
  public:
    explicit Tiff(ByteView block) : block_(block) {
        auto const start = as_text(block_.first(std::min<std::size_t>(block_.size(), 2)));
        big_ = start == "MM";
        if ((start == "II" || big_) && number16(2) == 42U) first_ = number32(4);
    }

    [[nodiscard]] std::optional<std::uint32_t> first_directory() const { return first_; }

    [[nodiscard]] std::optional<Entry> find(std::optional<std::uint32_t> directory, Tag tag) const {
        if (!directory) return std::nullopt;
        auto const count = number16(*directory);
        if (!count) return std::nullopt;
        for (std::size_t i = 0; i < std::min<std::size_t>(*count, kEntriesMax); ++i) {
            auto const at = std::size_t{*directory} + 2 + i * 12;
            auto const stored = number16(at);
            auto const type = number16(at + 2);
            auto const values = number32(at + 4);
            if (!stored || !type || !values || at + 12 > block_.size()) return std::nullopt;
            if (*stored == tag) return Entry{*type, *values, at + 8};
        }
        return std::nullopt;
    }

    [[nodiscard]] std::optional<std::uint32_t> number(std::optional<Entry> entry) const {
        if (!entry || entry->count != 1) return std::nullopt;
        if (entry->type == kShort) return number16(entry->at);
        if (entry->type == kLong) return number32(entry->at);
        if (entry->type == kByte) return block_[entry->at];
        return std::nullopt;
    }

    /// Printable characters only, without blanks at either end.
    [[nodiscard]] std::string text(std::optional<Entry> entry) const {
        if (!entry || (entry->type != kAscii && entry->type != kByte)) return {};
        std::size_t at = entry->at;
        if (entry->count > 4) {
            auto const offset = number32(entry->at);
            if (!offset || *offset >= block_.size()) return {};
            at = *offset;
        }
        auto const length = std::min<std::uint64_t>({entry->count, kTextMax, block_.size() - at});
        std::string text;
        for (auto const byte : block_.subspan(at, static_cast<std::size_t>(length))) {
            if (byte == 0) break;
            if (byte >= 0x20 && byte < 0x7F) text += static_cast<char>(byte);
        }
        auto const first = text.find_first_not_of(' ');
        if (first == std::string::npos) return {};
        return text.substr(first, text.find_last_not_of(' ') - first + 1);
    }

  private:
    [[nodiscard]] std::optional<std::uint32_t> number16(std::size_t at) const {
        if (at + 2 > block_.size()) return std::nullopt;
        auto const low = std::uint32_t{block_[big_ ? at + 1 : at]};
        auto const high = std::uint32_t{block_[big_ ? at : at + 1]};
        return high << 8 | low;
    }
    [[nodiscard]] std::optional<std::uint32_t> number32(std::size_t at) const {
        auto const one = number16(at);
        auto const two = number16(at + 2);
        if (!one || !two) return std::nullopt;
        return big_ ? *one << 16 | *two : *two << 16 | *one;
    }

    ByteView block_;
    bool big_ = false;
    std::optional<std::uint32_t> first_;
};

/// `length` digits at `at`, or nothing.
std::optional<int> digits(std::string_view text, std::size_t at, std::size_t length) {
    if (at + length > text.size()) return std::nullopt;
    int value = 0;
    for (auto const c : text.substr(at, length)) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + (c - '0');
    }
    return value;
}

/// "037" after the point is 37 ms, "5" is 500 ms.
std::chrono::milliseconds sub_seconds(std::string_view text) {
    int value = 0;
    for (std::size_t i = 0; i < 3; ++i) value = value * 10 + digits(text, i, 1).value_or(0);
    return std::chrono::milliseconds(digits(text, 0, 1) ? value : 0);
}

/// "2026:11:23 05:46:10"; some programs write '-' in the date.
std::optional<CameraTime> parse_time(std::string_view text, std::string_view sub_second) {
    auto const year = digits(text, 0, 4);
    auto const month = digits(text, 5, 2);
    auto const day = digits(text, 8, 2);
    auto const hour = digits(text, 11, 2);
    auto const minute = digits(text, 14, 2);
    auto const second = digits(text, 17, 2);
    if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
    std::chrono::year_month_day const date{std::chrono::year{*year},
                                           std::chrono::month{static_cast<unsigned>(*month)},
                                           std::chrono::day{static_cast<unsigned>(*day)}};
    if (*year == 0 || !date.ok() || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
    return CameraTime{std::chrono::local_days{date}} + std::chrono::hours{*hour} +
           std::chrono::minutes{*minute} + std::chrono::seconds{*second} + sub_seconds(sub_second);
}

/// "+05:30".
std::optional<std::chrono::minutes> parse_offset(std::string_view text) {
    auto const hours = digits(text, 1, 2);
    auto const minutes = digits(text, 4, 2);
    if (!hours || !minutes || *hours > 15 || *minutes > 59 || (text[0] != '+' && text[0] != '-'))
        return std::nullopt;
    std::chrono::minutes const offset{*hours * 60 + *minutes};
    return text[0] == '-' ? -offset : offset;
}

constexpr std::string_view kExifMark{"Exif\0\0", 6};

ByteView without_mark(ByteView block) {
    auto const marked =
        block.size() >= kExifMark.size() && as_text(block.first(kExifMark.size())) == kExifMark;
    return marked ? block.subspan(kExifMark.size()) : block;
}

/// The first APP1 segment that holds EXIF.
ByteView jpeg_block(ByteView file) {
    std::size_t at = 2;
    while (at + 4 <= file.size()) {
        if (file[at] != 0xFF) return {};
        auto const marker = file[at + 1];
        if (marker == 0xFF) {  // filling
            ++at;
            continue;
        }
        if (marker == 0xDA || marker == 0xD9) return {};
        if (marker == 0x01 || (marker >= 0xD0 && marker <= 0xD8)) {  // no length follows
            at += 2;
            continue;
        }
        auto const length = static_cast<std::size_t>(file[at + 2] << 8 | file[at + 3]);
        if (length < 2) return {};
        auto const content = file.subspan(at + 4, std::min(length - 2, file.size() - at - 4));
        if (marker == 0xE1 && content.size() >= kExifMark.size() &&
            as_text(content.first(kExifMark.size())) == kExifMark)
            return without_mark(content);
        at += 2 + length;
    }
    return {};
}

/// The chunk `name` of a PNG (length first, name second, checksum after) or a WebP (name, length, padding).
ByteView chunk(ByteView file, std::size_t at, std::string_view name, bool png) {
    while (at + 8 <= file.size()) {
        std::size_t length = 0;
        for (std::size_t i = 0; i < 4; ++i) length = length << 8 | file[png ? at + i : at + 7 - i];
        auto const rest = file.size() - at - 8;
        if (as_text(file.subspan(at + (png ? 4 : 0), 4)) == name)
            return without_mark(file.subspan(at + 8, std::min(length, rest)));
        if (length > rest) return {};
        at += 8 + length + (png ? 4 : length % 2);
    }
    return {};
}

ByteView block_of(ByteView file) {
    auto const starts = [&](std::string_view text) {
        return file.size() >= text.size() && as_text(file.first(text.size())) == text;
    };
    if (starts("\xff\xd8")) return jpeg_block(file);
    if (starts("\x89PNG")) return chunk(file, 8, "eXIf", true);
    if (starts("RIFF")) return chunk(file, 12, "EXIF", false);
    return {};
}

}  // namespace

Exif read_exif(ByteView file) {
    Exif exif;
    Tiff const tiff(block_of(file));
    auto const main = tiff.first_directory();
    if (!main) return exif;
    auto const photo = tiff.number(tiff.find(main, kExifDirectory));
    // A camera's main tags stand in the first directory, some programs put them into the second.
    auto const text = [&](Tag tag) {
        auto found = tiff.text(tiff.find(main, tag));
        return found.empty() ? tiff.text(tiff.find(photo, tag)) : found;
    };

    auto const orientation = tiff.number(tiff.find(main, kOrientation));
    if (orientation && *orientation >= 1 && *orientation <= 8)
        exif.orientation = static_cast<int>(*orientation);
    exif.make = text(kMake);
    exif.model = text(kModel);
    exif.serial = text(kBodySerialNumber);
    if (exif.serial.empty()) exif.serial = text(kCameraSerialNumber);

    struct Source {
        Tag time;
        Tag sub_second;
        Tag offset;
    };
    constexpr std::array sources{Source{kDateTimeOriginal, kSubSecOriginal, kOffsetTimeOriginal},
                                 Source{kDateTimeDigitized, kSubSecDigitized, kOffsetTimeDigitized},
                                 Source{kDateTime, kSubSec, kOffsetTime}};
    for (auto const& source : sources) {
        exif.taken = parse_time(text(source.time), text(source.sub_second));
        if (!exif.taken) continue;
        exif.utc_offset = parse_offset(text(source.offset));
        break;
    }
    return exif;
}

}  // namespace ounce::vision
