#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/route.hpp"

namespace ounce::api {

/// Lists of the OCI wire: "?n=COUNT&last=NAME" asks, a Link header tells where it goes on. Pure.
struct OciPage {
    std::size_t count = 0;  // 1 to 1,000
    std::string last;       // names after this one; empty: from the first
};

/// Errors: InvalidArgument for an `n` that is no number.
Result<OciPage> parse_oci_page(Call const& call);

/// The answer {…, key: names}. `names` may be one more than the page takes: then there is a next page, whose
/// address is `path`, an encoded path of ours.
Response oci_list(Json json, char const* key, std::vector<std::string> names, OciPage const& page,
                  std::string_view path);

}  // namespace ounce::api
