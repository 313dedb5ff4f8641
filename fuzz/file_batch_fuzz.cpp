// Batches of images as JSON: what anyone with a training key sends.
#include <cstdint>
#include <string_view>

#include "api/file_batch.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::size_t pictures = 0;
    auto const count = [&](std::size_t place, ounce::ByteView) -> ounce::Status {
        OUNCE_CHECK(place == pictures++);
        return {};
    };
    auto const batch = ounce::api::read_file_batch({reinterpret_cast<char const*>(data), size}, 64, count);
    OUNCE_CHECK(pictures <= 64);
    OUNCE_CHECK(batch || !batch.error().reason.empty());
    return 0;
}
