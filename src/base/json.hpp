#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "base/result.hpp"

namespace ounce {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;  // keeps keys as written: for files a person reads

/// Parses untrusted JSON. `depth_max` bounds nesting, which the library itself does not.
/// Errors: InvalidArgument with the byte where it broke.
Result<Json> parse_json(std::string_view text, int depth_max = 64);

/// Writes JSON on one line or indented; bytes that are not UTF-8 become U+FFFD instead of an exception.
std::string dump_json(Json const& value, int indent = -1);
std::string dump_json(OrderedJson const& value, int indent = -1);

/// The member `key` of `object` as T. Errors: InvalidArgument if missing or of another type; names the key.
template <class T>
Result<T> json_member(Json const& object, char const* key) {
    auto const wrong = [key] {
        return fail(Code::InvalidArgument, "'{}' is missing or of the wrong type", key);
    };
    if (!object.is_object()) return wrong();
    auto const found = object.find(key);
    if (found == object.end()) return wrong();
    try {
        return found->template get<T>();
    } catch (nlohmann::json::exception const&) {
        return wrong();
    }
}

}  // namespace ounce
