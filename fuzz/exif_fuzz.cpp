#include "vision/exif.hpp"

#include <cstdlib>

// Any bytes give an orientation of 1 to 8 and short, printable texts.
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    auto const exif = ounce::vision::read_exif({data, size});
    if (exif.orientation < 1 || exif.orientation > 8) std::abort();
    for (auto const* text : {&exif.make, &exif.model, &exif.serial}) {
        if (text->size() > 128) std::abort();
        for (auto const c : *text)
            if (c < 0x20 || c >= 0x7F) std::abort();
    }
    return 0;
}
