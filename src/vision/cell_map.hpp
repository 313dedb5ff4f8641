#pragma once

#include <span>
#include <vector>

#include "base/result.hpp"
#include "vision/tensor.hpp"

namespace ounce::vision {

/// A picture as a backbone sees it before pooling: a grid of cells over the picture, a feature vector in
/// each, with the vectors' lengths kept beside them. Owns its numbers.
struct CellMap {
    int columns = 0;
    int rows = 0;
    int channels = 0;
    std::vector<float> values;           // rows * columns * channels: cell after cell, rows from the top
    std::vector<float> inverse_lengths;  // rows * columns: 1 / length of each cell's vector

    [[nodiscard]] std::size_t cells() const { return inverse_lengths.size(); }
    [[nodiscard]] std::span<float const> cell(std::size_t index) const {
        auto const width = static_cast<std::size_t>(channels);
        return {values.data() + index * width, width};
    }
};

/// From the backbone's output "map", 1 x C x H x W. Any thread.
/// Errors: InvalidArgument for another shape, or an empty one.
Result<CellMap> make_cell_map(Tensor const& map);

/// 1 - cosine between each cell of `a` and the same cell of `b`: 0 = the same, 1 = nothing in common.
/// Symmetric to the bit. Both maps must have the same sides (broken invariant otherwise). Any thread.
std::vector<float> cell_distances(CellMap const& a, CellMap const& b);

}  // namespace ounce::vision
