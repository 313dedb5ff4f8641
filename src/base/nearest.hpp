#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ounce {

/// The one of `known` that takes the fewest changes of single characters to become `name` (Levenshtein), the
/// first of those alike: for "did you mean" where a name does not exist. `known` must not be empty; `name` is
/// bounded by the caller, since the work grows with its length. Pure, any thread.
std::string const& nearest(std::string_view name, std::vector<std::string> const& known);

}  // namespace ounce
