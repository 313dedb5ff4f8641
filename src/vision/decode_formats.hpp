#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "vision/decode.hpp"

/// One reader for each format, behind decode(). None turns the picture; errors are as decode() states.
namespace ounce::vision {

Result<ImageHeader> read_jpeg_header(ByteView file);
Result<ImageHeader> read_png_header(ByteView file);
Result<ImageHeader> read_gif_header(ByteView file);
Result<ImageHeader> read_webp_header(ByteView file);
Result<ImageHeader> read_bmp_header(ByteView file);

Result<Decoded> decode_jpeg(ByteView file, DecodeOptions const& options);
Result<Decoded> decode_png(ByteView file, DecodeOptions const& options);
Result<Decoded> decode_gif(ByteView file, DecodeOptions const& options);
Result<Decoded> decode_webp(ByteView file, DecodeOptions const& options);
Result<Decoded> decode_bmp(ByteView file, DecodeOptions const& options);

/// Refuses a picture whose pixels, or whose decoder's own memory, would go beyond the cap: before either is
/// taken. Errors: ResourceExhausted; DataLoss for a side below 1.
Status check_size(std::int64_t width_px, std::int64_t height_px, std::uint64_t working_bytes,
                  std::size_t memory_bytes_max);

/// A white picture of that size, checked before by check_size.
Image white_image(int width_px, int height_px);

/// One colour channel laid over white.
inline std::uint8_t over_white(std::uint32_t value, std::uint32_t alpha) {
    auto const sum = value * alpha + 255 * (255 - alpha) + 128;
    return static_cast<std::uint8_t>((sum + (sum >> 8)) >> 8);
}

/// Lays `count` R, G, B, A pixels over white.
void lay_over_white(std::uint8_t const* rgba, std::size_t count, std::uint8_t* rgb);

/// "the file breaks off; 62 % of the rows are there".
std::string rows_saved(std::string_view what, std::int64_t rows, std::int64_t of);

inline std::uint32_t little16(ByteView bytes, std::size_t at) {
    return static_cast<std::uint32_t>(bytes[at] | bytes[at + 1] << 8);
}
inline std::uint32_t little32(ByteView bytes, std::size_t at) {
    return little16(bytes, at) | little16(bytes, at + 2) << 16;
}
inline std::uint32_t big32(ByteView bytes, std::size_t at) {
    return static_cast<std::uint32_t>(bytes[at]) << 24 | static_cast<std::uint32_t>(bytes[at + 1]) << 16 |
           static_cast<std::uint32_t>(bytes[at + 2]) << 8 | bytes[at + 3];
}

}  // namespace ounce::vision
