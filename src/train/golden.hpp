#pragma once

#include <vector>

#include "train/features.hpp"
#include "train/split.hpp"
#include "vision/package.hpp"

namespace ounce::train {

/// The smallest file of each tag in turn, until there are enough: a package should stay light.
std::vector<std::size_t> choose_golden(std::vector<PictureFile> const& files, Labels const& labels);

/// Runs the package's model on the `golden` of `files` and keeps them with its answers. `expected` has a row
/// for each of `files`: what the trained head says. Returns the largest difference.
/// Errors: as Session::create and decode.
Result<double> add_golden(vision::Package& package, std::vector<PictureFile> const& files,
                          std::vector<std::size_t> const& golden, Matrix const& expected, int threads);

}  // namespace ounce::train
