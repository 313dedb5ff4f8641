#pragma once

#include <span>
#include <vector>

#include "vision/cell_map.hpp"
#include "vision/image.hpp"

namespace ounce::vision {

// Every fixed camera is its own background. What belongs to the place is in other frames of the same camera,
// too; an animal is not, or not there. So a frame is held against its neighbours in time cell by cell in
// feature space, where a change of light moves little and an animal moves much. Nothing is learnt here, and
// nothing is kept between frames: pure functions over grids of cells (see CellMap). What was tried and
// measured, with the reason for each constant: docs/decisions/0007-camera-background.md.

/// How far each cell is from the same cell of the neighbours, each neighbour's distances as cell_distances()
/// gives them: of n neighbours, the (n / 8 + 1)-th smallest, never below 0. Nearly the nearest rather than a
/// mean or median: grass that sways looks like itself in some neighbour, an animal like none. Not quite the
/// nearest: an animal that rests on the spot may be in one of eight. At least one neighbour (broken invariant
/// otherwise).
std::vector<float> background_distance(std::span<std::vector<float> const* const> distances);

/// `own` less what is usual for the cell: the lower quartile of the neighbours' background distances. Takes
/// away what never looks like itself (water, a burnt-in clock), and what another season changed everywhere.
std::vector<float> excess_distance(std::span<float const> own,
                                   std::span<std::vector<float> const* const> neighbours);

/// How much changed in the frame as one number: the largest excess of its cells. About 0 where nothing did,
/// up to 1 and a little more for an animal that fills a cell.
float change_score(std::span<float const> excess);

/// Features of what changed, `channels` numbers of length 1: the mean of the map's cells, each weighing as
/// the square of its distance (so that the few cells of a small animal outweigh the still ones), less the
/// plain mean of all cells (the place itself). `distance` may be finer than the map by a whole factor both
/// ways: the largest counts. `columns` is the width of its grid. Where nothing changed at all: zeros.
std::vector<float> changed_features(CellMap const& map, std::span<float const> distance, int columns);

/// Where something changed: the cells joined to the one of largest excess (by sides or corners) that have at
/// least half of its excess, as one box, in parts of the picture's sides.
Box change_box(std::span<float const> excess, int columns, int rows);

}  // namespace ounce::vision
