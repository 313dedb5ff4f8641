#pragma once

#include <cstdint>
#include <span>

namespace ounce::train {

/// Area under the receiver operating characteristic: how likely a random positive scores above a random
/// negative, ties counting half (Mann and Whitney 1947). 0.5 if there are none of one kind. Pure.
double area_under_roc(std::span<double const> scores, std::span<std::uint8_t const> positive);

}  // namespace ounce::train
