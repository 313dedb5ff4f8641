#include "vision/encode.hpp"

#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <jpeglib.h>

namespace ounce::vision {
namespace {

constexpr int kSideMax = 65'500;  // of libjpeg

struct ErrorManager {
    jpeg_error_mgr base{};
    std::jmp_buf back{};
    char message[JMSG_LENGTH_MAX] = {};
};

[[noreturn]] void leave(j_common_ptr codec) {
    auto* const manager = reinterpret_cast<ErrorManager*>(codec->err);
    codec->err->format_message(codec, manager->message);
    std::longjmp(manager->back, 1);
}

/// Plain C between setjmp and longjmp: nothing here has a destructor. False = failed, see the message.
bool compress(Image const& image, int quality, ErrorManager& manager, unsigned char** bytes,
              unsigned long* size) {
    jpeg_compress_struct codec{};
    codec.err = jpeg_std_error(&manager.base);
    manager.base.error_exit = leave;
    manager.base.output_message = [](j_common_ptr) {};
    if (setjmp(manager.back) != 0) {
        jpeg_destroy_compress(&codec);
        return false;
    }
    jpeg_create_compress(&codec);
    jpeg_mem_dest(&codec, bytes, size);
    codec.image_width = static_cast<JDIMENSION>(image.width_px);
    codec.image_height = static_cast<JDIMENSION>(image.height_px);
    codec.input_components = 3;
    codec.in_color_space = JCS_RGB;
    jpeg_set_defaults(&codec);
    jpeg_set_quality(&codec, quality, TRUE);
    codec.optimize_coding = TRUE;
    jpeg_start_compress(&codec, TRUE);
    while (codec.next_scanline < codec.image_height) {
        auto* row = const_cast<unsigned char*>(image.row(static_cast<int>(codec.next_scanline)));
        jpeg_write_scanlines(&codec, &row, 1);
    }
    jpeg_finish_compress(&codec);
    jpeg_destroy_compress(&codec);
    return true;
}

}  // namespace

Result<Bytes> encode_jpeg(Image const& image, int quality) {
    if (image.empty() || image.width_px > kSideMax || image.height_px > kSideMax)
        return fail(Code::InvalidArgument, "no picture of {} x {} can be a JPEG", image.width_px,
                    image.height_px);
    ErrorManager manager;
    unsigned char* bytes = nullptr;
    unsigned long size = 0;
    bool const done = compress(image, quality, manager, &bytes, &size);
    Bytes file;
    if (done) file.assign(bytes, bytes + size);
    std::free(bytes);
    if (!done) return fail(Code::Internal, "JPEG encoder: {}", manager.message);
    return file;
}

}  // namespace ounce::vision
