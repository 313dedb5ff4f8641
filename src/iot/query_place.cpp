#include "iot/query_place.hpp"

#include <limits>

#include "base/bytes.hpp"
#include "base/json.hpp"
#include "crypto/base64.hpp"

namespace ounce::iot {

std::string QueryPlace::to_text() const {
    return crypto::to_base64url(as_bytes(dump_json(Json::array({after.device, after.module, given}))));
}

Result<QueryPlace> QueryPlace::parse(std::string_view text) {
    auto const wrong = [] { return fail(Code::InvalidArgument, "it is not one of this hub: begin anew"); };
    auto const bytes = crypto::parse_base64url(text);
    if (!bytes) return wrong();
    auto const json = parse_json(as_text(*bytes), 2);
    if (!json || !json->is_array() || json->size() != 3 || !(*json)[0].is_string() ||
        !(*json)[1].is_string() || !(*json)[2].is_number_unsigned() ||
        (*json)[2].get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max())
        return wrong();
    return QueryPlace{.after = {.device = (*json)[0], .module = (*json)[1]}, .given = (*json)[2]};
}

}  // namespace ounce::iot
