#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "trap/decide.hpp"
#include "trap/scorer.hpp"

namespace ounce::trap {

/// The scores that held-out events which do show the target would have been ranked by. `held_out`: a list of
/// {"event": "...", "group": "...", "tag": "..." or [tags], "gate": 0.9, "probabilities": [...]}, out of
/// fold. Pictures of one event vote as its frames do when sifting. Pictures whose event is not known are no
/// events: of those of one group (a visit, a camera), which are much alike, one is drawn and stands alone, so
/// that what is promised rests on independent pictures. Without "gate" it follows from the tags. `target` -1
/// = any animal. Errors: InvalidArgument if the list is malformed (says where).
Result<std::vector<double>> held_out_scores(Json const& held_out, std::vector<ScoredTag> const& tags,
                                            bool exclusive, bool gated, Voting voting, int target);

/// The probability that there is an animal, from the tags alone: 1 - p(negative), or the surest tag where
/// there is no negative one.
double gate_from_tags(std::vector<float> const& probabilities, VoteTags const& tags);

}  // namespace ounce::trap
