#include <cstdlib>
#include <string_view>

#include "base/json.hpp"
#include "crypto/base64.hpp"
#include "iot/query_place.hpp"
#include "iot/telemetry_log.hpp"

namespace {

using namespace ounce;

/// What was read is written, read again, and is the same.
template <class T, class Same>
void read_twice(std::string_view text, Same const& same) {
    auto const first = T::parse(text);
    if (!first && first.error().message.empty()) std::abort();
    if (!first) return;
    auto const second = T::parse(first->to_text());
    if (!second || !same(*first, *second)) std::abort();
}

void read_place(std::string_view text) {
    read_twice<iot::QueryPlace>(text, [](auto const& a, auto const& b) { return a == b && a.given >= 0; });
}

}  // namespace

// What clients give back to go on where they were: the cursor of messages, the continuation of a query. The
// latter is read as it comes and in base64, or nothing would get behind that.
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::string_view const text(reinterpret_cast<char const*>(data), size);
    read_twice<iot::TelemetryCursor>(text, [](auto const& a, auto const& b) {
        for (auto const sequence : a.after)
            if (sequence < 0) return false;
        return a.after == b.after;
    });
    read_place(text);
    read_place(crypto::to_base64url(as_bytes(text)));
    return 0;
}
