#include "base/json.hpp"

namespace ounce {

namespace {

/// Whether brackets outside of texts nest deeper. What is no JSON at all is the parser's to say.
/// (The library's own way to watch, a callback, looks through all of a list after each of its objects: a
/// megabyte of "{}," took minutes.)
bool nests_deeper(std::string_view text, int depth_max) {
    int depth = 0;
    bool inside_text = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        char const c = text[i];
        if (inside_text) {
            if (c == '\\')
                ++i;
            else if (c == '"')
                inside_text = false;
        } else if (c == '"') {
            inside_text = true;
        } else if (c == '[' || c == '{') {
            if (++depth > depth_max) return true;
        } else if (c == ']' || c == '}') {
            --depth;
        }
    }
    return false;
}

}  // namespace

Result<Json> parse_json(std::string_view text, int depth_max) {
    if (nests_deeper(text, depth_max))
        return fail(Code::InvalidArgument, "JSON nested deeper than {} levels", depth_max);
    try {
        return Json::parse(text);
    } catch (Json::exception const& error) {
        return fail(Code::InvalidArgument, "not JSON: {}", error.what());
    }
}

std::string dump_json(Json const& value, int indent) {
    return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

std::string dump_json(OrderedJson const& value, int indent) {
    return value.dump(indent, ' ', false, OrderedJson::error_handler_t::replace);
}

}  // namespace ounce
