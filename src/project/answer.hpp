#pragma once

#include <span>
#include <vector>

#include "project/tags.hpp"
#include "vision/package.hpp"

namespace ounce::project {

/// The model's probabilities, in the order of the package's tags, as one for each of the iteration's tags.
/// A multilabel model has no output for a negative tag: its probability is that none of the others is there,
/// as if they were independent. A tag that the model does not know gets 0. Pure.
std::vector<float> by_place(std::span<float const> probabilities,
                            std::span<vision::PackageTag const> package_tags, std::span<Tag const> tags);

}  // namespace ounce::project
