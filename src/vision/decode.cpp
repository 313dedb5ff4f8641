#include "vision/decode.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "vision/decode_formats.hpp"
#include "vision/exif.hpp"

namespace ounce::vision {
namespace {

constexpr std::string_view kPngStart = "\x89PNG\r\n\x1a\n";

bool starts_with(ByteView file, std::string_view start, std::size_t at = 0) {
    return file.size() >= at + start.size() && as_text(file.subspan(at, start.size())) == start;
}

std::optional<Format> format_of(ByteView file) {
    if (starts_with(file, "\xff\xd8\xff")) return Format::Jpeg;
    if (starts_with(file, kPngStart)) return Format::Png;
    if (starts_with(file, "GIF87a") || starts_with(file, "GIF89a")) return Format::Gif;
    if (starts_with(file, "RIFF") && starts_with(file, "WEBP", 8)) return Format::WebP;
    if (starts_with(file, "BM")) return Format::Bmp;
    return std::nullopt;
}

/// What people put among their photographs, so that the error can say what to do.
std::string_view other_kind(ByteView file) {
    struct Known {
        std::size_t at;
        std::string_view start;
        std::string_view name;
    };
    using namespace std::string_view_literals;
    static constexpr std::array known{Known{0, "II*\0"sv, "a TIFF or camera raw file"},
                                      Known{0, "MM\0*"sv, "a TIFF or camera raw file"},
                                      Known{4, "ftyphei", "a HEIC picture"},
                                      Known{4, "ftypmif", "a HEIC picture"},
                                      Known{4, "ftypavif", "an AVIF picture"},
                                      Known{4, "ftyp", "a video"},
                                      Known{0, "%PDF", "a PDF"},
                                      Known{0, "PK\3\4", "a ZIP archive"},
                                      Known{0, "<", "a text, such as HTML or SVG"},
                                      Known{0, "\x1a\x45\xdf\xa3", "a video"},
                                      Known{8, "AVI ", "a video"}};
    for (auto const& entry : known)
        if (starts_with(file, entry.start, entry.at)) return entry.name;
    return {};
}

Result<Format> known_format(ByteView file) {
    if (file.empty()) return fail(Code::InvalidArgument, "the file is empty");
    if (auto const format = format_of(file)) return *format;
    if (std::all_of(file.begin(), file.end(), [](auto byte) { return byte == 0; }))
        return fail(Code::InvalidArgument, "the file holds only zeros: its content was lost");
    if (auto const kind = other_kind(file); !kind.empty())
        return fail(Code::InvalidArgument, "this is {}, not a JPEG, PNG, BMP, GIF or WebP picture", kind);
    return fail(Code::InvalidArgument, "not a JPEG, PNG, BMP, GIF or WebP picture");
}

Result<Decoded> decode_as(Format format, ByteView file, DecodeOptions const& options) {
    switch (format) {
        case Format::Jpeg:
            return decode_jpeg(file, options);
        case Format::Png:
            return decode_png(file, options);
        case Format::Bmp:
            return decode_bmp(file, options);
        case Format::Gif:
            return decode_gif(file, options);
        case Format::WebP:
            return decode_webp(file, options);
    }
    return fail(Code::Internal, "no such format");
}

}  // namespace

std::string_view to_string(Format format) {
    switch (format) {
        case Format::Jpeg:
            return "JPEG";
        case Format::Png:
            return "PNG";
        case Format::Bmp:
            return "BMP";
        case Format::Gif:
            return "GIF";
        case Format::WebP:
            return "WebP";
    }
    return "?";
}

Result<ImageHeader> read_header(ByteView file) {
    TRY(auto const format, known_format(file));
    switch (format) {
        case Format::Jpeg:
            return read_jpeg_header(file);
        case Format::Png:
            return read_png_header(file);
        case Format::Bmp:
            return read_bmp_header(file);
        case Format::Gif:
            return read_gif_header(file);
        case Format::WebP:
            return read_webp_header(file);
    }
    return fail(Code::Internal, "no such format");
}

Result<Decoded> decode(ByteView file, DecodeOptions const& options) {
    TRY(auto const format, known_format(file));
    TRY(auto decoded, decode_as(format, file, options));
    auto const orientation = options.orient ? read_exif(file).orientation : 1;
    if (orientation > 4) std::swap(decoded.full_width_px, decoded.full_height_px);
    if (orientation != 1) {
        // Turning needs the pixels twice.
        TRY_STATUS(check_size(decoded.image.width_px, decoded.image.height_px, decoded.image.rgb.size(),
                              options.memory_bytes_max));
        decoded.image = oriented(std::move(decoded.image), orientation);
    }
    return decoded;
}

Image oriented(Image image, int exif_orientation) {
    if (exif_orientation < 2 || exif_orientation > 8 || image.empty()) return image;
    // Each orientation is: swap x and y (5..8), then mirror left-right, then top-bottom.
    auto const swapped = exif_orientation >= 5;
    auto const mirrored =
        exif_orientation == 2 || exif_orientation == 3 || exif_orientation == 6 || exif_orientation == 7;
    auto const flipped =
        exif_orientation == 3 || exif_orientation == 4 || exif_orientation == 7 || exif_orientation == 8;
    auto turned =
        swapped ? make_image(image.height_px, image.width_px) : make_image(image.width_px, image.height_px);
    auto const pixel_step = std::ptrdiff_t{swapped ? image.width_px : 1} * (mirrored ? -3 : 3);
    // Tiles keep the reads of a turned picture within the cache: columns of the source are far apart.
    constexpr int kTile = 32;
    for (int top = 0; top < turned.height_px; top += kTile)
        for (int left = 0; left < turned.width_px; left += kTile) {
            auto const right = std::min(left + kTile, turned.width_px);
            for (int y = top; y < std::min(top + kTile, turned.height_px); ++y) {
                auto const across = mirrored ? turned.width_px - 1 - left : left;
                auto const down = flipped ? turned.height_px - 1 - y : y;
                auto const* from = swapped ? image.row(across) + std::ptrdiff_t{down} * 3
                                           : image.row(down) + std::ptrdiff_t{across} * 3;
                auto* to = turned.row(y) + std::ptrdiff_t{left} * 3;
                for (int x = left; x < right; ++x, from += pixel_step, to += 3) {
                    to[0] = from[0];
                    to[1] = from[1];
                    to[2] = from[2];
                }
            }
        }
    return turned;
}

Status check_size(std::int64_t width_px, std::int64_t height_px, std::uint64_t working_bytes,
                  std::size_t memory_bytes_max) {
    if (width_px < 1 || height_px < 1)
        return fail(Code::DataLoss, "the header states a picture of {} x {} pixels", width_px, height_px);
    constexpr std::int64_t kSideMax = 1 << 24;
    auto const too_long = width_px > kSideMax || height_px > kSideMax;
    auto const pixel_bytes =
        too_long ? 0 : static_cast<std::uint64_t>(width_px) * static_cast<std::uint64_t>(height_px) * 3;
    if (too_long || pixel_bytes > memory_bytes_max || working_bytes > memory_bytes_max)
        return fail(Code::ResourceExhausted,
                    "the picture of {} x {} pixels needs more memory than the limit of {} MiB", width_px,
                    height_px, memory_bytes_max >> 20);
    return {};
}

Image white_image(int width_px, int height_px) {
    return {width_px, height_px,
            std::vector<std::uint8_t>(
                static_cast<std::size_t>(width_px) * static_cast<std::size_t>(height_px) * 3, 255)};
}

void lay_over_white(std::uint8_t const* rgba, std::size_t count, std::uint8_t* rgb) {
    for (std::size_t i = 0; i < count; ++i, rgba += 4, rgb += 3) {
        rgb[0] = over_white(rgba[0], rgba[3]);
        rgb[1] = over_white(rgba[1], rgba[3]);
        rgb[2] = over_white(rgba[2], rgba[3]);
    }
}

std::string rows_saved(std::string_view what, std::int64_t rows, std::int64_t of) {
    return fmt::format("{}; {} % of its rows are there", what, of > 0 ? 100 * rows / of : 0);
}

}  // namespace ounce::vision
