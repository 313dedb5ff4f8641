#include <gif_lib.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "vision/decode_formats.hpp"

namespace ounce::vision {
namespace {

/// Extensions before the first frame: a few in real files.
constexpr int kRecordsMax = 1000;

struct Source {
    ByteView file;
    std::size_t position = 0;
};

int on_read(GifFileType* gif, GifByteType* out, int count) {
    auto& source = *static_cast<Source*>(gif->UserData);
    auto const rest = source.file.size() - source.position;
    auto const given = std::min(rest, static_cast<std::size_t>(std::max(count, 0)));
    std::memcpy(out, source.file.data() + source.position, given);
    source.position += given;
    return static_cast<int>(given);
}

/// giflib's handle, closed when it goes.
class Gif {
  public:
    explicit Gif(Source& source) { file_ = DGifOpen(&source, on_read, &error_); }
    Gif(Gif const&) = delete;
    Gif& operator=(Gif const&) = delete;
    ~Gif() {
        if (file_ != nullptr) DGifCloseFile(file_, nullptr);
    }
    [[nodiscard]] GifFileType* get() const { return file_; }
    [[nodiscard]] tl::unexpected<Error> failure() const {
        auto const* const text = GifErrorString(file_ != nullptr ? file_->Error : error_);
        return fail(Code::DataLoss, "the GIF is damaged or cut short: {}",
                    text != nullptr ? text : "no reason given");
    }

  private:
    int error_ = 0;
    GifFileType* file_ = nullptr;
};

/// Reads on to the first frame's pixels. `transparent`: the colour index that is see-through, or -1.
bool find_frame(GifFileType* gif, int& transparent) {
    transparent = NO_TRANSPARENT_COLOR;
    for (int i = 0; i < kRecordsMax; ++i) {
        GifRecordType record = UNDEFINED_RECORD_TYPE;
        if (DGifGetRecordType(gif, &record) == GIF_ERROR) return false;
        if (record == IMAGE_DESC_RECORD_TYPE) return DGifGetImageDesc(gif) != GIF_ERROR;
        if (record != EXTENSION_RECORD_TYPE) return false;
        int code = 0;
        GifByteType* block = nullptr;
        if (DGifGetExtension(gif, &code, &block) == GIF_ERROR) return false;
        while (block != nullptr) {
            GraphicsControlBlock control{};
            if (code == GRAPHICS_EXT_FUNC_CODE &&
                DGifExtensionToGCB(block[0], block + 1, &control) != GIF_ERROR)
                transparent = control.TransparentColor;
            if (DGifGetExtensionNext(gif, &block) == GIF_ERROR) return false;
        }
    }
    return false;
}

/// The row that an interlaced frame stores as its `index`th.
int interlaced_row(int index, int height) {
    constexpr std::array starts{0, 4, 2, 1};
    constexpr std::array steps{8, 8, 4, 2};
    for (std::size_t pass = 0; pass < starts.size(); ++pass) {
        auto const rows = (height - starts[pass] + steps[pass] - 1) / steps[pass];
        if (index < rows) return starts[pass] + index * steps[pass];
        index -= std::max(rows, 0);
    }
    return height - 1;
}

/// Lays one row of colour indexes onto the picture, as far as it lies inside.
void lay_row(GifFileType const& gif, ColorMapObject const& colours, int transparent,
             std::vector<GifByteType> const& indexes, int y, Image& image) {
    if (y < 0 || y >= image.height_px) return;
    auto* const row = image.row(y);
    auto const left = gif.Image.Left;
    for (int i = 0; i < gif.Image.Width && left + i < image.width_px; ++i) {
        int const index = indexes[static_cast<std::size_t>(i)];
        if (index == transparent) continue;
        auto* const to = row + std::ptrdiff_t{left + i} * 3;
        auto const known = index < colours.ColorCount;
        to[0] = known ? colours.Colors[index].Red : 0;
        to[1] = known ? colours.Colors[index].Green : 0;
        to[2] = known ? colours.Colors[index].Blue : 0;
    }
}

bool is_grey(ColorMapObject const& colours) {
    return std::all_of(colours.Colors, colours.Colors + colours.ColorCount, [](GifColorType const& colour) {
        return colour.Red == colour.Green && colour.Green == colour.Blue;
    });
}

}  // namespace

Result<ImageHeader> read_gif_header(ByteView file) {
    if (file.size() < 13) return fail(Code::DataLoss, "the GIF is cut short in its header");
    return ImageHeader{Format::Gif, static_cast<int>(little16(file, 6)), static_cast<int>(little16(file, 8))};
}

Result<Decoded> decode_gif(ByteView file, DecodeOptions const& options) {
    Source source{file, 0};
    Gif const gif(source);
    auto* const handle = gif.get();
    if (handle == nullptr) return gif.failure();
    int transparent = NO_TRANSPARENT_COLOR;
    if (!find_frame(handle, transparent)) return gif.failure();

    auto const& frame = handle->Image;
    // Some programs write no screen size.
    auto const width = handle->SWidth > 0 ? handle->SWidth : frame.Width;
    auto const height = handle->SHeight > 0 ? handle->SHeight : frame.Height;
    TRY_STATUS(check_size(width, height, 0, options.memory_bytes_max));
    TRY_STATUS(check_size(frame.Width, frame.Height, static_cast<std::uint64_t>(frame.Width),
                          options.memory_bytes_max));
    auto const* const colours = frame.ColorMap != nullptr ? frame.ColorMap : handle->SColorMap;
    if (colours == nullptr) return fail(Code::DataLoss, "the GIF has no table of colours");

    Decoded decoded;
    decoded.full_width_px = width;
    decoded.full_height_px = height;
    decoded.grey = is_grey(*colours);
    decoded.image = white_image(width, height);
    std::vector<GifByteType> indexes(static_cast<std::size_t>(frame.Width));
    for (int i = 0; i < frame.Height; ++i) {
        if (DGifGetLine(handle, indexes.data(), frame.Width) == GIF_ERROR) {
            if (i == 0) return gif.failure();
            decoded.damaged = true;
            decoded.damage = rows_saved("the file breaks off or has bad data", i, frame.Height);
            break;
        }
        auto const y = frame.Interlace ? interlaced_row(i, frame.Height) : i;
        lay_row(*handle, *colours, transparent, indexes, frame.Top + y, decoded.image);
    }
    return decoded;
}

}  // namespace ounce::vision
