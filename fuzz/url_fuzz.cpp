#include <cstdlib>
#include <string>
#include <string_view>

#include "base/utf8.hpp"
#include "wire/multipart.hpp"
#include "wire/url.hpp"

namespace {

using namespace ounce;

template <class T>
bool refused(Result<T> const& result) {
    if (!result && result.error().message.empty()) std::abort();
    return !result;
}

void read_target(std::string_view text) {
    auto const target = wire::split_target(text);
    if (auto const segments = wire::split_path(target.path); !refused(segments)) {
        std::string again;
        for (auto const& segment : *segments) again += "/" + percent_encode(segment);
        if (wire::split_path(again).value() != *segments) std::abort();
    }
    for (auto const plus : {wire::Plus::IsSpace, wire::Plus::IsPlus}) {
        auto const query = wire::Query::parse(target.query, plus);
        if (refused(query)) continue;
        for (auto const& [key, value] : query->pairs())
            if (!query->has(key) || !is_utf8(key) || (value && !is_utf8(*value))) std::abort();
    }
}

/// The first line is a Content-Type, what follows a body.
void read_form(std::string_view text) {
    auto const line = text.substr(0, text.find('\n'));
    auto const boundary = wire::form_boundary(line);
    if (refused(boundary)) return;
    auto const body = as_bytes(text.substr(std::min(line.size() + 1, text.size())));
    auto const parts = wire::parse_form(body, *boundary);
    if (refused(parts)) return;
    for (auto const& part : *parts) {
        if (!is_utf8(part.name) || part.content.data() < body.data()) std::abort();
        if (part.content.data() + part.content.size() > body.data() + body.size()) std::abort();
    }
}

}  // namespace

// A request target, or a form: what the HTTP routes read of a stranger. The first byte chooses which.
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    if (size == 0) return 0;
    std::string_view const text(reinterpret_cast<char const*>(data) + 1, size - 1);
    if (data[0] % 2 == 0)
        read_target(text);
    else
        read_form(text);
    return 0;
}
