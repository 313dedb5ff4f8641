#include <algorithm>
#include <array>
#include <bit>
#include <optional>

#include "vision/decode_formats.hpp"

// Windows bitmaps (BITMAPCOREHEADER to BITMAPV5HEADER), read by our own code: the format is small, and the
// libraries that read it bring along many others.
namespace ounce::vision {
namespace {

constexpr std::size_t kFileHeaderBytes = 14;

enum Compression : std::uint32_t { kRgb = 0, kRle8 = 1, kRle4 = 2, kBitFields = 3, kAlphaBitFields = 6 };

/// Where in a pixel's number one channel lies.
struct Mask {
    std::uint32_t bits = 0;

    /// 0..255, or `none` if the picture has no such channel.
    [[nodiscard]] std::uint32_t value(std::uint32_t pixel, std::uint32_t none) const {
        if (bits == 0) return none;
        auto const shift = std::countr_zero(bits);
        std::uint64_t const most = bits >> shift;
        return static_cast<std::uint32_t>((((pixel & bits) >> shift) * std::uint64_t{255} + most / 2) / most);
    }
};

struct Bitmap {
    std::int64_t width = 0;
    std::int64_t height = 0;
    bool top_down = false;
    int bits = 0;  // a pixel
    std::uint32_t compression = kRgb;
    std::size_t pixels_at = 0;
    std::array<Mask, 4> masks{};  // R, G, B, A
    std::vector<std::array<std::uint8_t, 3>> colours;
};

tl::unexpected<Error> damaged(std::string_view what) {
    return fail(Code::DataLoss, "the BMP is damaged: {}", what);
}

/// The sizes alone: what read_header needs and decoding starts from.
Result<Bitmap> parse_sizes(ByteView file) {
    if (file.size() < kFileHeaderBytes + 12)
        return fail(Code::DataLoss, "the BMP is cut short in its header");
    Bitmap bitmap;
    bitmap.pixels_at = little32(file, 10);
    auto const header_bytes = little32(file, kFileHeaderBytes);
    if (header_bytes == 12) {
        bitmap.width = little16(file, 18);
        bitmap.height = little16(file, 20);
        bitmap.bits = static_cast<int>(little16(file, 24));
    } else {
        if (header_bytes < 40 || header_bytes > 1024) return damaged("its header has an unknown length");
        if (file.size() < kFileHeaderBytes + header_bytes)
            return fail(Code::DataLoss, "the BMP is cut short in its header");
        bitmap.width = static_cast<std::int32_t>(little32(file, 18));
        bitmap.height = static_cast<std::int32_t>(little32(file, 22));
        bitmap.bits = static_cast<int>(little16(file, 28));
        bitmap.compression = little32(file, 30);
        bitmap.top_down = bitmap.height < 0;
        bitmap.height = std::abs(bitmap.height);
    }
    if (bitmap.width < 1 || bitmap.height < 1 || bitmap.height > INT32_MAX)
        return damaged("its header states no size");
    return bitmap;
}

Status check_kind(Bitmap const& bitmap) {
    auto const bits = bitmap.bits;
    auto const plain = bits == 1 || bits == 4 || bits == 8 || bits == 16 || bits == 24 || bits == 32;
    auto const known = (bitmap.compression == kRgb && plain) || (bitmap.compression == kRle8 && bits == 8) ||
                       (bitmap.compression == kRle4 && bits == 4) ||
                       ((bitmap.compression == kBitFields || bitmap.compression == kAlphaBitFields) &&
                        (bits == 16 || bits == 32));
    if (!known)
        return fail(Code::Unimplemented, "a BMP with {} bits a pixel and compression {}, which is not read",
                    bits, bitmap.compression);
    return {};
}

/// The rest of the header: channel masks and colours.
Status parse_colours(ByteView file, Bitmap& bitmap) {
    auto const header_bytes = std::size_t{little32(file, kFileHeaderBytes)};
    auto after_header = kFileHeaderBytes + header_bytes;
    if (bitmap.bits == 16) bitmap.masks = {Mask{0x7C00}, Mask{0x03E0}, Mask{0x001F}, Mask{}};
    if (bitmap.bits == 32) bitmap.masks = {Mask{0xFF0000}, Mask{0x00FF00}, Mask{0x0000FF}, Mask{}};
    if (bitmap.compression == kBitFields || bitmap.compression == kAlphaBitFields) {
        // Right behind the first 40 bytes, whether the header counts them or not.
        auto const alpha = bitmap.compression == kAlphaBitFields || header_bytes >= 56;
        auto const count = alpha ? std::size_t{4} : std::size_t{3};
        constexpr std::size_t kMasksAt = kFileHeaderBytes + 40;
        if (file.size() < kMasksAt + count * 4) return damaged("it ends in its header");
        for (std::size_t i = 0; i < count; ++i) bitmap.masks[i].bits = little32(file, kMasksAt + i * 4);
        after_header = std::max(after_header, kMasksAt + count * 4);
    }
    if (bitmap.bits > 8) return {};

    auto const entry_bytes = header_bytes == 12 ? std::size_t{3} : std::size_t{4};
    auto const most = std::size_t{1} << bitmap.bits;
    std::size_t count = header_bytes == 12 ? 0 : little32(file, 46);
    if (count == 0 || count > most) count = most;
    // A short table is filled up with black; some writers leave colours out that no pixel uses.
    bitmap.colours.assign(most, {0, 0, 0});
    for (std::size_t i = 0; i < count; ++i) {
        auto const at = after_header + i * entry_bytes;
        if (at + entry_bytes > file.size() || at + entry_bytes > bitmap.pixels_at) break;
        bitmap.colours[i] = {file[at + 2], file[at + 1], file[at]};
    }
    return {};
}

/// Where the rows go: bitmaps are stored from the bottom unless their height is negative.
class Canvas {
  public:
    Canvas(Bitmap const& bitmap, Image& image) : bitmap_(bitmap), image_(image) {}

    /// `y` counts rows as they are stored.
    std::uint8_t* row(int y) { return image_.row(bitmap_.top_down ? y : image_.height_px - 1 - y); }
    void put_index(std::int64_t x, std::int64_t y, std::uint32_t index) {
        if (x >= image_.width_px || y >= image_.height_px) return;
        auto const& colour = bitmap_.colours[index];  // index < 2^bits
        std::copy(colour.begin(), colour.end(), row(static_cast<int>(y)) + x * 3);
    }

  private:
    Bitmap const& bitmap_;
    Image& image_;
};

/// One uncompressed row.
void read_row(Bitmap const& bitmap, bool alpha, ByteView stored, std::uint8_t* row) {
    auto const width = static_cast<std::size_t>(bitmap.width);
    auto const bits = static_cast<std::size_t>(bitmap.bits);
    if (bits <= 8) {
        auto const mask = (1U << bits) - 1;
        for (std::size_t x = 0; x < width; ++x) {
            auto const shift = 8 - bits - x * bits % 8;
            auto const& colour = bitmap.colours[(stored[x * bits / 8] >> shift) & mask];
            std::copy(colour.begin(), colour.end(), row + x * 3);
        }
    } else if (bits == 24) {
        for (std::size_t x = 0; x < width; ++x) {
            row[x * 3] = stored[x * 3 + 2];
            row[x * 3 + 1] = stored[x * 3 + 1];
            row[x * 3 + 2] = stored[x * 3];
        }
    } else {
        for (std::size_t x = 0; x < width; ++x) {
            auto const pixel = bits == 16 ? little16(stored, x * 2) : little32(stored, x * 4);
            auto const opacity = alpha ? bitmap.masks[3].value(pixel, 255) : 255;
            for (std::size_t c = 0; c < 3; ++c)
                row[x * 3 + c] = over_white(bitmap.masks[c].value(pixel, 0), opacity);
        }
    }
}

/// Whether any pixel has opacity: many writers give a channel for it and leave it 0 throughout.
bool uses_alpha(Bitmap const& bitmap, ByteView pixels) {
    if (bitmap.masks[3].bits == 0) return false;
    auto const step = static_cast<std::size_t>(bitmap.bits / 8);
    for (std::size_t at = 0; at + step <= pixels.size(); at += step) {
        auto const pixel = step == 2 ? little16(pixels, at) : little32(pixels, at);
        if ((pixel & bitmap.masks[3].bits) != 0) return true;
    }
    return false;
}

/// Returns the number of rows that were there.
int read_plain(Bitmap const& bitmap, ByteView pixels, Canvas& canvas) {
    auto const row_bits = static_cast<std::size_t>(bitmap.width) * static_cast<std::size_t>(bitmap.bits);
    auto const row_bytes = (row_bits + 31) / 32 * 4;
    auto const needed = (row_bits + 7) / 8;  // the last row's padding may be missing
    auto const alpha = uses_alpha(bitmap, pixels);
    int y = 0;
    for (std::size_t at = 0; y < bitmap.height && at + needed <= pixels.size(); ++y, at += row_bytes)
        read_row(bitmap, alpha, pixels.subspan(at, needed), canvas.row(y));
    return y;
}

/// Run-length encoded indexes of 8 or 4 bits. Returns the number of rows that were there.
int read_runs(Bitmap const& bitmap, ByteView pixels, Canvas& canvas) {
    auto const half_bytes = bitmap.bits == 4;
    std::int64_t x = 0;
    std::int64_t y = 0;
    // Each turn uses up two bytes or more, so this ends.
    for (std::size_t at = 0; at + 2 <= pixels.size() && y < bitmap.height;) {
        std::uint32_t const count = pixels[at];
        std::uint32_t const value = pixels[at + 1];
        at += 2;
        if (count > 0) {
            for (std::uint32_t i = 0; i < count; ++i)
                canvas.put_index(x++, y, half_bytes ? (i % 2 == 0 ? value >> 4 : value & 15) : value);
        } else if (value == 0) {  // end of row
            x = 0;
            ++y;
        } else if (value == 1) {  // end of picture
            return static_cast<int>(bitmap.height);
        } else if (value == 2) {  // jump
            if (at + 2 > pixels.size()) break;
            x += pixels[at];
            y += pixels[at + 1];
            at += 2;
        } else {  // `value` indexes as they are, padded to 16 bits
            auto const bytes = half_bytes ? (value + 1) / 2 : value;
            if (at + bytes > pixels.size()) break;
            for (std::uint32_t i = 0; i < value; ++i) {
                std::uint32_t const stored = pixels[at + (half_bytes ? i / 2 : i)];
                canvas.put_index(x++, y, half_bytes ? (i % 2 == 0 ? stored >> 4 : stored & 15) : stored);
            }
            at += bytes + bytes % 2;
        }
        x = std::min(x, bitmap.width);  // so that no run of runs overflows it
    }
    return static_cast<int>(std::min(y, bitmap.height));
}

bool is_grey(Bitmap const& bitmap) {
    return !bitmap.colours.empty() &&
           std::all_of(bitmap.colours.begin(), bitmap.colours.end(),
                       [](auto const& colour) { return colour[0] == colour[1] && colour[1] == colour[2]; });
}

}  // namespace

Result<ImageHeader> read_bmp_header(ByteView file) {
    TRY(auto const bitmap, parse_sizes(file));
    return ImageHeader{Format::Bmp, static_cast<int>(bitmap.width), static_cast<int>(bitmap.height)};
}

Result<Decoded> decode_bmp(ByteView file, DecodeOptions const& options) {
    TRY(auto bitmap, parse_sizes(file));
    TRY_STATUS(check_kind(bitmap));
    TRY_STATUS(check_size(bitmap.width, bitmap.height, 0, options.memory_bytes_max));
    TRY_STATUS(parse_colours(file, bitmap));
    if (bitmap.pixels_at >= file.size()) return damaged("it ends before its pixels");

    Decoded decoded;
    decoded.full_width_px = static_cast<int>(bitmap.width);
    decoded.full_height_px = static_cast<int>(bitmap.height);
    decoded.grey = is_grey(bitmap);
    auto const runs = bitmap.compression == kRle8 || bitmap.compression == kRle4;
    decoded.image = white_image(decoded.full_width_px, decoded.full_height_px);
    Canvas canvas(bitmap, decoded.image);
    auto const pixels = file.subspan(bitmap.pixels_at);
    auto const rows = runs ? read_runs(bitmap, pixels, canvas) : read_plain(bitmap, pixels, canvas);
    if (rows == 0) return fail(Code::DataLoss, "the BMP is cut short before its first row");
    if (rows < bitmap.height) {
        decoded.damaged = true;
        decoded.damage = rows_saved("the file breaks off", rows, bitmap.height);
    }
    return decoded;
}

}  // namespace ounce::vision
