#pragma once

#include <string>
#include <vector>

#include "train/matrix.hpp"
#include "train/split.hpp"

namespace ounce::train {

/// The package's file of held-out answers: what the model says of photographs it did not learn from. `ounce
/// sift` chooses its threshold on them.
inline constexpr char const* kHeldOutFile = "held-out.json";
/// The same for answers that use each camera's background.
inline constexpr char const* kBackgroundHeldOutFile = "background-held-out.json";

/// A list of {"event": "3", "group": "7", "tag": ["leopard"], "probabilities": [0.9, 0.1]}, one for each
/// picture; probabilities out of fold, in the order of `tags`. `events`: which visit a picture is of (see
/// burst_groups), `groups`: which pictures were kept together in cross-validation; negative = not known, and
/// left out.
std::string held_out_json(std::vector<std::string> const& tags, Labels const& labels,
                          Matrix const& probabilities, std::vector<int> const& groups,
                          std::vector<int> const& events);

}  // namespace ounce::train
