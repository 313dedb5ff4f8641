#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "trap/decide.hpp"
#include "trap/scorer.hpp"

namespace ounce::trap {

/// The scores that held-out events which do show the target would have been ranked by. `held_out` is
/// held-out.json of a package (train/held_out.hpp): a list of {"group": "...", "tag": "..." or [tags],
/// "probabilities":
/// [...]}, out-of-fold; pictures of one group vote as the frames of an event do, a picture without a group
/// alone. `target` -1 = any animal. Errors: InvalidArgument if the list is malformed (says where).
Result<std::vector<double>> held_out_scores(Json const& held_out, std::vector<ScoredTag> const& tags,
                                            bool exclusive, Voting voting, int target);

/// The probability that there is an animal, from the tags alone: 1 - p(negative), or the surest tag where
/// there is no negative one.
double gate_from_tags(std::vector<float> const& probabilities, VoteTags const& tags);

}  // namespace ounce::trap
