#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace ounce::api {

/// The ids of a block list, in order: <BlockList><Latest>id</Latest>…</BlockList>; Committed and Uncommitted
/// mean the same here. Not a reader of XML in general: no attributes, comments, entities or name spaces, as
/// ids are base64. Pure. Errors: InvalidArgument; ResourceExhausted beyond registry::kBlocksMax.
Result<std::vector<std::string>> parse_block_list(std::string_view xml);

}  // namespace ounce::api
