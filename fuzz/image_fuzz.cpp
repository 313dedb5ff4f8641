#include <cstdlib>

#include "vision/decode.hpp"

// Any bytes give a picture of the size it states, or an error with a sentence. The first byte chooses the
// options; the memory cap is small, so that libFuzzer's own limit shows what takes more than it should.
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    if (size == 0) return 0;
    ounce::ByteView const file{data + 1, size - 1};
    static_cast<void>(ounce::vision::read_header(file));
    constexpr int kSides[] = {0, 1, 40, 200};
    auto const decoded = ounce::vision::decode(file, {.shorter_side_min_px = kSides[data[0] & 3],
                                                      .orient = (data[0] & 4) != 0,
                                                      .memory_bytes_max = std::size_t{16} << 20});
    if (!decoded) {
        if (decoded.error().message.empty()) std::abort();
        return 0;
    }
    auto const& image = decoded->image;
    if (image.empty() || image.rgb.size() != static_cast<std::size_t>(image.width_px) *
                                                 static_cast<std::size_t>(image.height_px) * 3)
        std::abort();
    if (decoded->damaged == decoded->damage.empty()) std::abort();
    return 0;
}
