#include "api/byte_range.hpp"

#include <algorithm>
#include <charconv>

namespace ounce::api {
namespace {

std::optional<std::uint64_t> parse_number(std::string_view text) {
    std::uint64_t value = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace

RangeAnswer find_range(std::optional<std::string_view> header, std::uint64_t size) {
    constexpr std::string_view kUnit = "bytes=";
    if (!header || !header->starts_with(kUnit)) return WholeFile::Yes;
    auto const text = header->substr(kUnit.size());
    auto const dash = text.find('-');
    if (dash == std::string_view::npos) return WholeFile::Yes;
    auto const first = text.substr(0, dash);
    auto const last = text.substr(dash + 1);
    if (first.empty()) {
        auto const count = parse_number(last);
        if (!count) return WholeFile::Yes;
        if (*count == 0 || size == 0) return NoSuchRange::Yes;
        auto const length = std::min(*count, size);
        return ByteRange{.offset = size - length, .length = length};
    }
    auto const begin = parse_number(first);
    auto const end = last.empty() ? std::optional(size) : parse_number(last);
    if (!begin || !end || (!last.empty() && *end < *begin)) return WholeFile::Yes;
    if (*begin >= size) return NoSuchRange::Yes;
    auto const stop = last.empty() || *end >= size ? size : *end + 1;
    return ByteRange{.offset = *begin, .length = stop - *begin};
}

}  // namespace ounce::api
