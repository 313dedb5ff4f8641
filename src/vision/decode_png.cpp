#include <png.h>

#include <array>
#include <csetjmp>
#include <cstring>

#include "vision/decode_formats.hpp"

// libpng reports errors like libjpeg does: see decode_jpeg.cpp for why each call is a `step`.
namespace ounce::vision {
namespace {

constexpr std::size_t kHeaderBytes = 33;  // signature and IHDR with its checksum
constexpr png_uint_32 kSideMax = 1'000'000;
constexpr png_alloc_size_t kChunkBytesMax = 8'000'000;
constexpr png_uint_32 kChunksKeptMax = 100;

struct Reader {
    png_structp png = nullptr;
    png_infop info = nullptr;
    ByteView file;
    std::size_t position = 0;
    bool broke_off = false;
    std::array<char, 160> message{};

    bool alpha = false;
    int passes = 1;
    std::uint8_t* pixels = nullptr;
    std::size_t row_bytes = 0;
    png_uint_32 rows_done = 0;

    Reader() = default;
    Reader(Reader const&) = delete;
    Reader& operator=(Reader const&) = delete;
    ~Reader() { png_destroy_read_struct(&png, &info, nullptr); }
};

[[noreturn]] void on_error(png_structp png, png_const_charp message) {
    auto& reader = *static_cast<Reader*>(png_get_error_ptr(png));
    std::strncpy(reader.message.data(), message, reader.message.size() - 1);
    longjmp(*png_set_longjmp_fn(png, longjmp, sizeof(jmp_buf)), 1);
}

void on_warning(png_structp, png_const_charp) {}

void on_read(png_structp png, png_bytep out, std::size_t count) {
    auto& reader = *static_cast<Reader*>(png_get_io_ptr(png));
    if (count > reader.file.size() - reader.position) {
        reader.broke_off = true;
        png_error(png, "the file breaks off");
    }
    std::memcpy(out, reader.file.data() + reader.position, count);
    reader.position += count;
}

bool attempt(Reader& reader, void (*step)(Reader&)) {
    if (setjmp(*png_set_longjmp_fn(reader.png, longjmp, sizeof(jmp_buf))) != 0) return false;
    step(reader);
    return true;
}

void step_header(Reader& reader) {
    auto* const png = reader.png;
    png_set_read_fn(png, &reader, on_read);
    png_set_user_limits(png, kSideMax, kSideMax);
    png_set_chunk_malloc_max(png, kChunkBytesMax);
    png_set_chunk_cache_max(png, kChunksKeptMax);
    // Texts and colour profiles are not unpacked: nothing of them is used, and small ones can become large.
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
    png_read_info(png, reader.info);
}

void step_transforms(Reader& reader) {
    auto* const png = reader.png;
    png_set_expand(png);  // palette, grey below 8 bits, the transparent colour
    png_set_scale_16(png);
    png_set_gray_to_rgb(png);
    reader.passes = png_set_interlace_handling(png);
    png_read_update_info(png, reader.info);
    reader.alpha = png_get_channels(png, reader.info) == 4;
    reader.row_bytes = png_get_rowbytes(png, reader.info);
}

/// Each row into its place, once a pass.
void step_rows_in_place(Reader& reader) {
    auto const height = png_get_image_height(reader.png, reader.info);
    for (int pass = 0; pass < reader.passes; ++pass)
        for (png_uint_32 y = 0; y < height; ++y) {
            png_read_row(reader.png, reader.pixels + y * reader.row_bytes, nullptr);
            if (reader.passes == 1) reader.rows_done = y + 1;
        }
    reader.rows_done = height;
}

void step_row(Reader& reader) {
    png_read_row(reader.png, reader.pixels, nullptr);
    ++reader.rows_done;
}

std::string message_of(Reader const& reader) {
    return reader.message.data();
}

/// Reads all rows; false if libpng gave up before the last.
bool read_rows(Reader& reader, Image& image) {
    auto const width = static_cast<std::size_t>(image.width_px);
    if (!reader.alpha) {
        reader.pixels = image.rgb.data();
        return attempt(reader, step_rows_in_place);
    }
    auto const all_at_once = reader.passes > 1;
    std::vector<std::uint8_t> rgba(reader.row_bytes *
                                   (all_at_once ? static_cast<std::size_t>(image.height_px) : 1));
    reader.pixels = rgba.data();
    if (all_at_once) {
        auto const complete = attempt(reader, step_rows_in_place);
        lay_over_white(rgba.data(), width * static_cast<std::size_t>(image.height_px), image.rgb.data());
        return complete;
    }
    for (int y = 0; y < image.height_px; ++y) {
        if (!attempt(reader, step_row)) return false;
        lay_over_white(rgba.data(), width, image.row(y));
    }
    return true;
}

}  // namespace

Result<ImageHeader> read_png_header(ByteView file) {
    if (file.size() < kHeaderBytes) return fail(Code::DataLoss, "the PNG is cut short in its header");
    auto const width = big32(file, 16);
    auto const height = big32(file, 20);
    if (as_text(file.subspan(12, 4)) != "IHDR" || width == 0 || height == 0 || width > PNG_UINT_31_MAX ||
        height > PNG_UINT_31_MAX)
        return fail(Code::DataLoss, "the PNG's header is damaged");
    return ImageHeader{Format::Png, static_cast<int>(width), static_cast<int>(height)};
}

Result<Decoded> decode_png(ByteView file, DecodeOptions const& options) {
    TRY(auto const header, read_png_header(file));
    TRY_STATUS(check_size(header.width_px, header.height_px, 0, options.memory_bytes_max));
    Reader reader;
    reader.file = file;
    reader.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reader, on_error, on_warning);
    if (reader.png != nullptr) reader.info = png_create_info_struct(reader.png);
    if (reader.info == nullptr) return fail(Code::ResourceExhausted, "no memory to read a PNG");
    if (!attempt(reader, step_header) || !attempt(reader, step_transforms))
        return fail(Code::DataLoss, "the PNG is damaged or cut short: {}", message_of(reader));

    auto const pixels =
        static_cast<std::uint64_t>(header.width_px) * static_cast<std::uint64_t>(header.height_px);
    TRY_STATUS(check_size(header.width_px, header.height_px,
                          reader.alpha && reader.passes > 1 ? pixels * 4 : reader.row_bytes * 4,
                          options.memory_bytes_max));
    Decoded decoded;
    decoded.full_width_px = header.width_px;
    decoded.full_height_px = header.height_px;
    decoded.grey = file[25] == PNG_COLOR_TYPE_GRAY || file[25] == PNG_COLOR_TYPE_GRAY_ALPHA;
    decoded.image = white_image(header.width_px, header.height_px);
    if (!read_rows(reader, decoded.image)) {
        if (reader.rows_done == 0)
            return fail(Code::DataLoss, "the PNG is damaged or cut short: {}", message_of(reader));
        decoded.damaged = true;
        decoded.damage = rows_saved(reader.broke_off ? "the file breaks off" : message_of(reader),
                                    reader.rows_done, header.height_px);
    }
    return decoded;
}

}  // namespace ounce::vision
