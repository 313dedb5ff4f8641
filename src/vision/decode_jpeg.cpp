#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstdio>
#include <limits>
#include <memory>

// jpeglib.h needs <cstdio> before it.
#include <jpeglib.h>

#include <jerror.h>

#include "vision/decode_formats.hpp"

// libjpeg reports a fatal error by calling back, and the callback must not return. We jump out of it with
// longjmp, which skips destructors; so every call into libjpeg happens inside a `step`, a plain function
// without objects, run by `attempt`. Nothing with a destructor lives between setjmp and longjmp.
namespace ounce::vision {
namespace {

/// A progressive JPEG may hold any number of passes over the whole picture. Encoders write about 10; without
/// a limit a small file could keep us busy for hours.
constexpr int kScansMax = 100;
/// Some cameras leave a few stray bytes before the end mark: no damage worth a word.
constexpr int kStrayBytesMax = 64;

struct Reader {
    jpeg_decompress_struct cinfo{};
    jpeg_error_mgr errors{};
    jmp_buf jump{};
    std::array<char, JMSG_LENGTH_MAX> message{};
    int failure = 0;  // libjpeg's number of the error that ended it
    bool started = false;
    bool decoding = false;  // the header is done

    // Where the first damage was seen.
    bool damaged = false;
    bool broke_off = false;
    bool bits_missing = false;  // the decoder had to make up bits after the end
    int damaged_scan = 0;
    JDIMENSION rows_before_damage = 0;  // of blocks, in that scan

    ByteView file;
    std::size_t good_bytes = 0;  // how far reading had come before the last step
    std::string reason;          // why the file was cut by us
    bool whole_file_first = false;
    JSAMPLE* pixels = nullptr;
    std::size_t row_bytes = 0;
    JDIMENSION rows_read = 0;

    Reader() = default;
    Reader(Reader const&) = delete;
    Reader& operator=(Reader const&) = delete;
    ~Reader() {
        if (started) jpeg_destroy_decompress(&cinfo);
    }
};

Reader& reader_of(j_common_ptr cinfo) {
    return *static_cast<Reader*>(cinfo->client_data);
}

void note_damage(Reader& reader) {
    if (reader.damaged) return;
    reader.damaged = true;
    reader.damaged_scan = reader.cinfo.input_scan_number;
    reader.rows_before_damage = reader.cinfo.input_iMCU_row;
}

[[noreturn]] void on_error(j_common_ptr cinfo) {
    auto& reader = reader_of(cinfo);
    reader.failure = cinfo->err->msg_code;
    cinfo->err->format_message(cinfo, reader.message.data());
    if (reader.decoding) note_damage(reader);
    longjmp(reader.jump, 1);
}

void on_message(j_common_ptr cinfo, int level) {
    if (level >= 0) return;  // not a warning
    auto& reader = reader_of(cinfo);
    auto const code = cinfo->err->msg_code;
    if (!reader.decoding) return;
    auto const& state = reader.cinfo;
    auto const all_rows_in = state.input_iMCU_row >= state.total_iMCU_rows;
    if (code == JWRN_EXTRANEOUS_DATA && all_rows_in && cinfo->err->msg_parm.i[0] <= kStrayBytesMax) return;
    if (code == JWRN_ADOBE_XFORM || code == JWRN_JFIF_MAJOR) return;
    if (!reader.damaged) cinfo->err->format_message(cinfo, reader.message.data());
    auto const at_end = code == JWRN_JPEG_EOF || state.unread_marker == JPEG_EOI;
    // libjpeg reads ahead: that the file is over shows before the first bit is missing.
    if (code == JWRN_HIT_MARKER && at_end && !reader.bits_missing) {
        reader.damaged = reader.damaged && !reader.broke_off;
        reader.bits_missing = true;
    }
    note_damage(reader);
    if (at_end) reader.broke_off = true;
}

void on_output(j_common_ptr) {}

/// Runs `step`; false if libjpeg gave up in it.
bool attempt(Reader& reader, void (*step)(Reader&)) {
    if (setjmp(reader.jump) != 0) return false;
    step(reader);
    return true;
}

void step_header(Reader& reader) {
    jpeg_create_decompress(&reader.cinfo);
    reader.started = true;
    jpeg_mem_src(&reader.cinfo, reader.file.data(), static_cast<unsigned long>(reader.file.size()));
    jpeg_read_header(&reader.cinfo, TRUE);
}

void step_dimensions(Reader& reader) {
    jpeg_calc_output_dimensions(&reader.cinfo);
}

void step_start(Reader& reader) {
    reader.decoding = true;
    reader.cinfo.buffered_image = reader.whole_file_first ? TRUE : FALSE;
    jpeg_start_decompress(&reader.cinfo);
}

/// Takes in all scans of a progressive file, so that damage in a late scan costs that scan's detail only.
void step_read_scans(Reader& reader) {
    for (;;) {
        reader.good_bytes = reader.file.size() - reader.cinfo.src->bytes_in_buffer;
        auto const result = jpeg_consume_input(&reader.cinfo);
        if (result == JPEG_REACHED_EOI || result == JPEG_SUSPENDED) return;
        if (reader.cinfo.input_scan_number > kScansMax) {
            note_damage(reader);
            std::snprintf(reader.message.data(), reader.message.size(), "more than %d scans", kScansMax);
            return;
        }
    }
}

void step_start_output(Reader& reader) {
    jpeg_start_output(&reader.cinfo, reader.cinfo.input_scan_number);
}

void step_rows(Reader& reader) {
    auto& cinfo = reader.cinfo;
    constexpr JDIMENSION kRowsAtOnce = 16;
    JSAMPROW rows[kRowsAtOnce];
    while (cinfo.output_scanline < cinfo.output_height) {
        auto const count = std::min(kRowsAtOnce, cinfo.output_height - cinfo.output_scanline);
        for (JDIMENSION i = 0; i < count; ++i)
            rows[i] = reader.pixels + (cinfo.output_scanline + i) * reader.row_bytes;
        jpeg_read_scanlines(&cinfo, rows, count);
        reader.rows_read = cinfo.output_scanline;
    }
}

/// Each row through a buffer of four channels.
void step_cmyk_row(Reader& reader) {
    JSAMPROW row = reader.pixels;
    jpeg_read_scanlines(&reader.cinfo, &row, 1);
    reader.rows_read = reader.cinfo.output_scanline;
}

void step_end(Reader& reader) {
    // Reads on to the end mark, so that a file that breaks off there is seen.
    if (reader.whole_file_first)
        jpeg_finish_output(&reader.cinfo);
    else
        jpeg_finish_decompress(&reader.cinfo);
}

void prepare(Reader& reader, ByteView file) {
    reader.cinfo.err = jpeg_std_error(&reader.errors);
    reader.cinfo.client_data = &reader;
    reader.errors.error_exit = on_error;
    reader.errors.emit_message = on_message;
    reader.errors.output_message = on_output;
    // A dying card leaves zeros where the rest was, which would decode to nonsense. Whatever of them belongs
    // to the picture is zero again when libjpeg fills up what is missing.
    while (!file.empty() && file.back() == 0) file = file.first(file.size() - 1);
    reader.file = file;
}

std::string message_of(Reader const& reader) {
    return reader.message.data();
}

tl::unexpected<Error> failure_of(Reader const& reader) {
    switch (reader.failure) {
        case JERR_BAD_PRECISION:
            return fail(Code::Unimplemented, "a JPEG with {} bits per sample; only 8 are read",
                        reader.cinfo.data_precision);
        case JERR_SOF_UNSUPPORTED:
            return fail(Code::Unimplemented,
                        "a lossless or hierarchical JPEG; only baseline and progressive ones are read");
        case JERR_ARITH_NOTIMPL:
        case JERR_CONVERSION_NOTIMPL:
        case JERR_FRACT_SAMPLE_NOTIMPL:
        case JERR_CCIR601_NOTIMPL:
        case JERR_NOT_COMPILED:
            return fail(Code::Unimplemented, "a kind of JPEG that is not read: {}", message_of(reader));
        case JERR_OUT_OF_MEMORY:
        case JERR_NO_BACKING_STORE:
            return fail(Code::ResourceExhausted, "decoding the JPEG of {} x {} pixels needs too much memory",
                        reader.cinfo.image_width, reader.cinfo.image_height);
        case JERR_IMAGE_TOO_BIG:
            return fail(Code::ResourceExhausted, "the JPEG's header states a picture too large: {}",
                        message_of(reader));
        default:
            return fail(Code::DataLoss, "the JPEG is damaged or cut short: {}", message_of(reader));
    }
}

/// The largest reduction at which the shorter side keeps `shorter_side_min_px`.
unsigned reduction_for(JDIMENSION width_px, JDIMENSION height_px, int shorter_side_min_px) {
    if (shorter_side_min_px <= 0) return 1;
    auto const shorter = std::min(width_px, height_px);
    for (unsigned const reduction : {8U, 4U, 2U})
        if ((shorter + reduction - 1) / reduction >= static_cast<JDIMENSION>(shorter_side_min_px))
            return reduction;
    return 1;
}

/// What libjpeg holds beside our pixels: for a file of several scans all its coefficients.
std::uint64_t working_bytes(jpeg_decompress_struct const& cinfo, bool several_scans) {
    std::uint64_t bytes = 0;
    for (int i = 0; i < cinfo.num_components; ++i) {
        auto const& component = cinfo.comp_info[i];
        auto const across = static_cast<std::uint64_t>(component.width_in_blocks) + 4;
        auto const down = several_scans ? static_cast<std::uint64_t>(component.height_in_blocks) + 4 : 4;
        bytes += across * down * sizeof(JBLOCK);
    }
    return bytes;
}

/// Inks to light, without a colour profile. Adobe's programs store the inks inverted.
void cmyk_to_rgb(std::uint8_t const* cmyk, std::size_t count, bool inverted, std::uint8_t* rgb) {
    auto const flip = inverted ? 0U : 255U;
    for (std::size_t i = 0; i < count; ++i, cmyk += 4, rgb += 3) {
        auto const light = cmyk[3] ^ flip;
        for (std::size_t c = 0; c < 3; ++c) {
            auto const ink = cmyk[c] ^ flip ^ 255U;
            auto const product = ink * light + 128;
            rgb[c] = static_cast<std::uint8_t>(light - (((product >> 8) + product) >> 8));
        }
    }
}

/// Reads all rows as far as they come; false if libjpeg gave up before the last.
bool read_rows(Reader& reader, Image& image) {
    reader.row_bytes = static_cast<std::size_t>(image.width_px) * 3;
    if (reader.cinfo.out_color_space != JCS_CMYK) {
        reader.pixels = image.rgb.data();
        return attempt(reader, step_rows);
    }
    std::vector<std::uint8_t> row(static_cast<std::size_t>(image.width_px) * 4);
    reader.pixels = row.data();
    for (int y = 0; y < image.height_px; ++y) {
        if (!attempt(reader, step_cmyk_row)) return false;
        cmyk_to_rgb(row.data(), static_cast<std::size_t>(image.width_px),
                    reader.cinfo.saw_Adobe_marker == TRUE, image.row(y));
    }
    return true;
}

/// What a person is told about the damage.
std::string describe(Reader const& reader) {
    auto const rows = static_cast<std::int64_t>(reader.rows_before_damage);
    auto const all = static_cast<std::int64_t>(reader.cinfo.total_iMCU_rows);
    if (reader.damaged_scan > 1)
        return reader.broke_off && reader.reason.empty()
                   ? "the file breaks off; the whole picture is there, with less detail"
                   : fmt::format("bad data ({}); the whole picture is there, with less detail",
                                 reader.reason.empty() ? message_of(reader) : reader.reason);
    if (!reader.reason.empty())
        return fmt::format("bad data ({}) from {} % of the rows on", reader.reason, 100 * rows / all);
    if (rows >= all || (reader.broke_off && !reader.bits_missing && reader.cinfo.arith_code == FALSE))
        return reader.broke_off ? "the file breaks off just before its end mark; the whole picture is there"
                                : fmt::format("bad data ({}) after the last row", message_of(reader));
    if (reader.broke_off) return rows_saved("the file breaks off", rows, all);
    return fmt::format("bad data ({}) from {} % of the rows on", message_of(reader), 100 * rows / all);
}

/// Reads the header, checks what the picture will take, and begins.
Status open(Reader& reader, ByteView file, DecodeOptions const& options) {
    prepare(reader, file);
    if (!attempt(reader, step_header)) return failure_of(reader);
    auto& cinfo = reader.cinfo;
    auto const inks = cinfo.jpeg_color_space == JCS_CMYK || cinfo.jpeg_color_space == JCS_YCCK;
    cinfo.out_color_space = inks ? JCS_CMYK : JCS_RGB;
    cinfo.scale_num = 1;
    cinfo.scale_denom = reduction_for(cinfo.image_width, cinfo.image_height, options.shorter_side_min_px);
    if (!attempt(reader, step_dimensions)) return failure_of(reader);

    reader.whole_file_first = jpeg_has_multiple_scans(&cinfo) == TRUE;
    TRY_STATUS(check_size(cinfo.output_width, cinfo.output_height,
                          working_bytes(cinfo, reader.whole_file_first), options.memory_bytes_max));
    cinfo.mem->max_memory_to_use =
        static_cast<long>(std::min<std::size_t>(options.memory_bytes_max, std::numeric_limits<long>::max()));
    if (!attempt(reader, step_start)) return failure_of(reader);
    return {};
}

/// The pixels, once all scans are in or as they come.
Result<Decoded> finish(Reader& reader) {
    auto& cinfo = reader.cinfo;
    Decoded decoded;
    decoded.full_width_px = static_cast<int>(cinfo.image_width);
    decoded.full_height_px = static_cast<int>(cinfo.image_height);
    decoded.grey = cinfo.num_components == 1;
    decoded.image = make_image(static_cast<int>(cinfo.output_width), static_cast<int>(cinfo.output_height));
    if (reader.whole_file_first && !attempt(reader, step_start_output)) return failure_of(reader);
    auto const complete = read_rows(reader, decoded.image);
    if (!complete) {  // grey, like what libjpeg itself puts where data is missing
        auto const rows = static_cast<std::ptrdiff_t>(reader.rows_read * reader.row_bytes);
        std::fill(decoded.image.rgb.begin() + rows, decoded.image.rgb.end(), std::uint8_t{128});
    } else if (!attempt(reader, step_end)) {
        note_damage(reader);
    }
    if (!reader.damaged) return decoded;

    auto const nothing = reader.damaged_scan <= 1 && reader.rows_before_damage == 0;
    if (nothing && (reader.bits_missing || !complete))
        return fail(Code::DataLoss, "the JPEG breaks off before its first row of blocks: {}",
                    message_of(reader));
    decoded.damaged = true;
    decoded.damage = describe(reader);
    return decoded;
}

}  // namespace

Result<ImageHeader> read_jpeg_header(ByteView file) {
    Reader reader;
    prepare(reader, file);
    if (!attempt(reader, step_header)) return failure_of(reader);
    return ImageHeader{Format::Jpeg, static_cast<int>(reader.cinfo.image_width),
                       static_cast<int>(reader.cinfo.image_height)};
}

Result<Decoded> decode_jpeg(ByteView file, DecodeOptions const& options) {
    Reader reader;
    TRY_STATUS(open(reader, file, options));
    if (!reader.whole_file_first || attempt(reader, step_read_scans)) return finish(reader);
    // What is there of a progressive file can still be shown, but not by this reader: after an error libjpeg
    // may have half of a second header in its state. So once more, as if the file ended before the error.
    Reader again;
    again.reason = message_of(reader);
    TRY_STATUS(open(again, reader.file.first(reader.good_bytes), options));
    if (!attempt(again, step_read_scans)) return failure_of(again);
    return finish(again);
}

}  // namespace ounce::vision
