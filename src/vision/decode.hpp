#pragma once

#include <cstddef>
#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "vision/image.hpp"

namespace ounce::vision {

enum class Format { Jpeg, Png, Bmp, Gif, WebP };
std::string_view to_string(Format format);

/// What a file's first bytes say, without decoding pixels.
struct ImageHeader {
    Format format = Format::Jpeg;
    int width_px = 0;  // as stored, before EXIF orientation
    int height_px = 0;
};

struct DecodeOptions {
    /// A JPEG may be decoded at 1/2, 1/4 or 1/8 as long as its shorter side stays at least this.
    /// 0 = full size, always. Other formats ignore it.
    int shorter_side_min_px = 0;
    /// Turn the picture as its EXIF orientation says (1..8 of EXIF 2.32, table 4.6.4).
    bool orient = true;
    /// The most that the decoded pixels may take, and the most that decoding may take beside them.
    std::size_t memory_bytes_max = std::size_t{512} << 20;
};

struct Decoded {
    Image image;
    int full_width_px = 0;  // of the picture at full size, after orientation
    int full_height_px = 0;
    bool grey = false;     // stored with one colour channel
    bool damaged = false;  // the file broke off or had errors; `image` shows what could be saved
    std::string damage;    // what the decoder said, for a person
};

/// Reads the header. The format is told by content, never by the file's name. Any thread.
/// Errors: InvalidArgument for an empty file or one of no known format; DataLoss for a header cut short.
Result<ImageHeader> read_header(ByteView file);

/// Decodes to 8-bit RGB. 16 bit is scaled down; grey is spread over three channels; CMYK and YCCK
/// (Adobe-inverted too) become RGB without a colour profile; alpha is laid over white; of a GIF, the first
/// frame. A JPEG cut short or with bad data is used if at least one row of blocks came out: `damaged`.
/// Hostile input gives an error: it never crashes, hangs, or takes more than `memory_bytes_max`. Any thread.
/// Errors: as read_header; DataLoss if nothing can be shown; ResourceExhausted if the picture (at the
/// size it would be decoded at) is beyond the cap; Unimplemented for a variant we do not read (named).
Result<Decoded> decode(ByteView file, DecodeOptions const& options = {});

/// `image` turned as EXIF orientation 1..8 says; other values leave it as it is.
Image oriented(Image image, int exif_orientation);

}  // namespace ounce::vision
