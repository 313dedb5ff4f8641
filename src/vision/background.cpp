#include "vision/background.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/result.hpp"

namespace ounce::vision {

std::vector<float> nearest_distance(std::span<std::vector<float> const* const> distances) {
    OUNCE_CHECK(!distances.empty());
    auto nearest = *distances.front();
    for (auto const* const other : distances.subspan(1)) {
        OUNCE_CHECK(other->size() == nearest.size());
        for (std::size_t i = 0; i < nearest.size(); ++i) nearest[i] = std::min(nearest[i], (*other)[i]);
    }
    return nearest;
}

std::vector<float> excess_distance(std::span<float const> own,
                                   std::span<std::vector<float> const* const> neighbours) {
    std::vector<float> excess(own.begin(), own.end());
    if (neighbours.empty()) return excess;
    // The quartile between two of the sorted values, in proportion: position (count - 1) / 4.
    auto const position = static_cast<double>(neighbours.size() - 1) / 4;
    auto const below = static_cast<std::size_t>(position);
    auto const part = static_cast<float>(position - static_cast<double>(below));
    std::vector<float> values(neighbours.size());
    for (std::size_t i = 0; i < excess.size(); ++i) {
        for (std::size_t j = 0; j < neighbours.size(); ++j) values[j] = (*neighbours[j])[i];
        auto const at = values.begin() + static_cast<std::ptrdiff_t>(below);
        std::nth_element(values.begin(), at, values.end());
        float quartile = *at;
        if (part > 0) quartile += part * (*std::min_element(at + 1, values.end()) - quartile);
        excess[i] -= quartile;
    }
    return excess;
}

ChangeSize change_size(std::span<float const> distance, std::span<float const> excess) {
    OUNCE_CHECK(!distance.empty() && distance.size() == excess.size());
    return {.largest_distance = *std::max_element(distance.begin(), distance.end()),
            .largest_excess = *std::max_element(excess.begin(), excess.end()),
            .mean_excess =
                std::accumulate(excess.begin(), excess.end(), 0.0F) / static_cast<float>(excess.size())};
}

std::vector<float> changed_features(CellMap const& map, std::span<float const> distance) {
    OUNCE_CHECK(distance.size() == map.cells());
    std::vector<float> features(static_cast<std::size_t>(map.channels), 0.0F);
    float total = 0;
    for (std::size_t i = 0; i < distance.size(); ++i) {
        auto const weight = distance[i] * distance[i];
        total += weight;
        auto const cell = map.cell(i);
        for (std::size_t j = 0; j < features.size(); ++j) features[j] += weight * cell[j];
    }
    for (auto& feature : features) feature /= total + 1e-12F;
    return features;
}

std::vector<float> mean_features(CellMap const& map) {
    std::vector<float> features(static_cast<std::size_t>(map.channels), 0.0F);
    for (std::size_t i = 0; i < map.cells(); ++i) {
        auto const cell = map.cell(i);
        for (std::size_t j = 0; j < features.size(); ++j) features[j] += cell[j];
    }
    for (auto& feature : features) feature /= static_cast<float>(map.cells());
    return features;
}

Box change_box(std::span<float const> excess, int columns, int rows) {
    OUNCE_CHECK(columns > 0 && rows > 0 &&
                excess.size() == static_cast<std::size_t>(columns) * static_cast<std::size_t>(rows));
    auto const peak = static_cast<int>(std::max_element(excess.begin(), excess.end()) - excess.begin());
    auto const least = excess[static_cast<std::size_t>(peak)] / 2;
    std::vector<char> seen(excess.size(), 0);
    std::vector<int> open{peak};
    seen[static_cast<std::size_t>(peak)] = 1;
    int left = peak % columns;
    int right = left;
    int top = peak / columns;
    int bottom = top;
    while (!open.empty()) {
        int const x = open.back() % columns;
        int const y = open.back() / columns;
        open.pop_back();
        left = std::min(left, x);
        right = std::max(right, x);
        top = std::min(top, y);
        bottom = std::max(bottom, y);
        for (int ny = std::max(0, y - 1); ny <= std::min(rows - 1, y + 1); ++ny) {
            for (int nx = std::max(0, x - 1); nx <= std::min(columns - 1, x + 1); ++nx) {
                auto const index = static_cast<std::size_t>(ny * columns + nx);
                if (seen[index] != 0 || excess[index] < least || excess[index] <= 0) continue;
                seen[index] = 1;
                open.push_back(static_cast<int>(index));
            }
        }
    }
    return {.x = static_cast<double>(left) / columns,
            .y = static_cast<double>(top) / rows,
            .width = static_cast<double>(right - left + 1) / columns,
            .height = static_cast<double>(bottom - top + 1) / rows};
}

}  // namespace ounce::vision
