#include "project/decoding_room.hpp"

#include <algorithm>

#include "vision/decode.hpp"

namespace ounce::project {
namespace {

/// Larger ones are refused, or decoded smaller.
constexpr std::uint64_t kPixelsMax = vision::DecodeOptions{}.memory_bytes_max / 3;

/// Whether the pixels of a JPEG come in several passes over the whole picture (ITU T.81, figures B.3 and
/// B.4), so that decoding holds all its coefficients at once.
bool has_several_scans(ByteView jpeg) {
    std::size_t components = 0;
    for (std::size_t at = 2; at + 10 <= jpeg.size() && jpeg[at] == 0xFF;) {
        auto const marker = jpeg[at + 1];
        if (marker == 0xFF) {  // a fill byte
            ++at;
            continue;
        }
        if (marker == 0xDA) return jpeg[at + 4] < components;  // start of scan
        bool const frame =
            marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
        if (frame && marker % 4 == 2) return true;  // progressive
        if (frame) components = jpeg[at + 9];
        at += 2 + (static_cast<std::size_t>(jpeg[at + 2]) << 8 | jpeg[at + 3]);
    }
    return true;  // broken, or unlike others: decoding will tell
}

/// Of the decoded picture and of what its format needs beside it, as vision/decode_*.cpp have it.
std::uint64_t bytes_per_pixel(vision::Format format, ByteView file) {
    switch (format) {
        case vision::Format::Jpeg:
            return has_several_scans(file) ? 3 + 6 : 3;  // coefficients have two bytes
        case vision::Format::WebP:
            return 3 + 5 + 4;
        case vision::Format::Png:
        case vision::Format::Bmp:
        case vision::Format::Gif:
            break;
    }
    return 3 + 4;
}

}  // namespace

std::uint64_t decoding_bytes(ByteView file) {
    auto const header = vision::read_header(file);
    if (!header) return 0;
    auto const pixels =
        static_cast<std::uint64_t>(header->width_px) * static_cast<std::uint64_t>(header->height_px);
    return std::min(pixels, kPixelsMax) * bytes_per_pixel(header->format, file);
}

DecodingRoom::Place DecodingRoom::take(std::uint64_t bytes) {
    std::unique_lock lock(mutex_);
    auto const turn = next_turn_++;
    freed_.wait(lock, [&] {
        return turn == turn_ && (taken_ == 0 || (bytes <= bytes_max_ && taken_ <= bytes_max_ - bytes));
    });
    ++turn_;
    taken_ += bytes;
    freed_.notify_all();  // the next in turn may find room too
    return Place(*this, bytes);
}

DecodingRoom::Place::~Place() {
    {
        std::scoped_lock const lock(room_.mutex_);
        room_.taken_ -= bytes_;
    }
    room_.freed_.notify_all();
}

}  // namespace ounce::project
