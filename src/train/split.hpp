#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ounce::train {

/// Which tags each picture has. Multiclass: exactly one. on: pictures x classes, 0 or 1.
struct Labels {
    std::size_t classes = 0;
    std::vector<std::uint8_t> on;

    [[nodiscard]] std::size_t count() const { return classes == 0 ? 0 : on.size() / classes; }
    [[nodiscard]] bool has(std::size_t picture, std::size_t tag) const {
        return on[picture * classes + tag] != 0;
    }
    /// The first tag of a picture; `classes` if it has none.
    [[nodiscard]] std::size_t first(std::size_t picture) const;
    /// How many pictures have each tag.
    [[nodiscard]] std::vector<std::size_t> totals() const;
};

/// One label a picture.
Labels one_of(std::span<int const> tags, std::size_t classes);

/// Deals pictures out to `folds` parts so that a group is never torn apart and each part has about the same
/// share of each tag. `groups`: an id a picture; negative = a group of its own. Larger groups go first, each
/// to the part that it suits best; `seed` decides between equals. Pure.
/// Returns the fold of each picture, 0..folds-1; parts may stay empty if there are fewer groups than folds.
std::vector<int> group_folds(Labels const& labels, std::span<int const> groups, int folds,
                             std::uint64_t seed);

}  // namespace ounce::train
