#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "train/matrix.hpp"
#include "vision/image.hpp"

namespace ounce::train {

/// 64 bits that hardly change when a picture is scaled, recompressed or slightly brightened: whether each
/// cell of a 9 x 8 grey thumbnail is darker than the one to its right.
std::uint64_t difference_hash(vision::Image const& image);

struct NearDuplicate {
    std::size_t first = 0;  // < second
    std::size_t second = 0;
    double likeness = 0;  // cosine of their features
};

/// Pairs whose hashes differ in at most 3 bits and whose features point the same way (cosine >=
/// `likeness_min`). Never compares all with all: two hashes so close share one of four 16-bit parts, and
/// there each picture is held against the 16 before it, so that a still camera's thousands of equal frames
/// give chains of pairs, not all of them. In order. Pure.
std::vector<NearDuplicate> find_near_duplicates(std::span<std::uint64_t const> hashes, Matrix const& features,
                                                double likeness_min = 0.97);

/// `groups` with the groups of each pair made one. Pictures that had no group (-1) get a number of their own.
std::vector<int> merged_groups(std::span<int const> groups, std::span<NearDuplicate const> pairs);

}  // namespace ounce::train
