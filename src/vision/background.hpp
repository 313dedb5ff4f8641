#pragma once

#include <span>
#include <vector>

#include "vision/cell_map.hpp"
#include "vision/image.hpp"

namespace ounce::vision {

// Every fixed camera is its own background. What belongs to the place is in other frames of the same camera,
// too; an animal is not, or not there. So a frame is held against its neighbours in time cell by cell in
// feature space, where a change of light moves little and an animal moves much. Nothing is learnt here, and
// nothing is kept between frames: pure functions over grids of cells (see CellMap).

/// How far each cell is from the most similar of the neighbours' same cell: the smallest over `distances`,
/// each as cell_distances() gives it. Not from their mean or median: grass that sways looks like itself in
/// some neighbour, an animal looks like none. At least one neighbour (broken invariant otherwise).
std::vector<float> nearest_distance(std::span<std::vector<float> const* const> distances);

/// `own` less what is usual for the cell: the lower quartile of the neighbours' own nearest distances, each
/// against its neighbours. Takes away what never looks like itself (water, a burnt-in clock).
std::vector<float> excess_distance(std::span<float const> own,
                                   std::span<std::vector<float> const* const> neighbours);

/// A frame's change in three numbers.
struct ChangeSize {
    float largest_distance = 0;  // of the nearest distances
    float largest_excess = 0;
    float mean_excess = 0;
};
ChangeSize change_size(std::span<float const> distance, std::span<float const> excess);

/// Features of what changed: the mean of the cells' features, each weighing as the square of its distance, so
/// that the few cells of a small animal outweigh the still ones. `channels` numbers.
std::vector<float> changed_features(CellMap const& map, std::span<float const> distance);

/// The plain mean of all cells' features. `channels` numbers.
std::vector<float> mean_features(CellMap const& map);

/// Where something changed: the cells joined to the one of largest excess (by sides or corners) that have at
/// least half of its excess, as one box, in parts of the picture's sides.
Box change_box(std::span<float const> excess, int columns, int rows);

}  // namespace ounce::vision
