#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ounce::train {

/// How a map of features (channels x cells) becomes one vector: the mean of all cells, their maximum, the
/// mean of the strongest tenth, or mean and maximum one after the other (twice as long).
enum class Pooling { Average, Maximum, Top, AverageMaximum };

/// "average", "maximum", "topk", "average+maximum".
std::string_view to_string(Pooling pooling);
std::optional<Pooling> find_pooling(std::string_view name);

/// How many cells the strongest tenth of `cells` is: at least 1.
std::size_t top_cells(std::size_t cells);

/// The three basic poolings of a map: average, then maximum, then top, each `channels` long.
std::vector<float> pool_all(std::span<float const> map, std::size_t channels);

/// What one pooling gives, taken out of pool_all()'s answer.
std::vector<float> pick_pooling(std::span<float const> pooled, Pooling pooling);

}  // namespace ounce::train
