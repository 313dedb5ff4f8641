#include "base/json.hpp"

namespace ounce {

Result<Json> parse_json(std::string_view text, int depth_max) {
    bool too_deep = false;
    auto const watch = [&](int depth, Json::parse_event_t, Json&) {
        if (depth > depth_max) too_deep = true;
        return !too_deep;
    };
    try {
        auto value = Json::parse(text, watch);
        if (too_deep) return fail(Code::InvalidArgument, "JSON nested deeper than {} levels", depth_max);
        return value;
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
