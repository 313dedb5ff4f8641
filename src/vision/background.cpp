#include "vision/background.hpp"

#include <algorithm>
#include <cmath>

#include "base/result.hpp"

namespace ounce::vision {

std::vector<float> background_distance(std::span<std::vector<float> const* const> distances) {
    OUNCE_CHECK(!distances.empty());
    std::vector<float> result(distances.front()->size());
    std::vector<float> values(distances.size());
    auto const rank = values.begin() + static_cast<std::ptrdiff_t>(distances.size() / 8);
    for (std::size_t i = 0; i < result.size(); ++i) {
        for (std::size_t j = 0; j < distances.size(); ++j) {
            OUNCE_CHECK(distances[j]->size() == result.size());
            values[j] = (*distances[j])[i];
        }
        std::nth_element(values.begin(), rank, values.end());
        result[i] = std::max(*rank, 0.0F);
    }
    return result;
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

float change_score(std::span<float const> excess) {
    OUNCE_CHECK(!excess.empty());
    return *std::max_element(excess.begin(), excess.end());
}

std::vector<float> changed_features(CellMap const& map, std::span<float const> distance, int columns) {
    auto const factor = columns / map.columns;
    OUNCE_CHECK(factor >= 1 && columns == map.columns * factor &&
                distance.size() == static_cast<std::size_t>(columns * map.rows * factor));
    auto const channels = static_cast<std::size_t>(map.channels);
    std::vector<double> weighed(channels, 0.0);
    std::vector<double> plain(channels, 0.0);
    double total = 0;
    for (int y = 0; y < map.rows; ++y) {
        for (int x = 0; x < map.columns; ++x) {
            float largest = 0;
            for (int fy = y * factor; fy < (y + 1) * factor; ++fy)
                for (int fx = x * factor; fx < (x + 1) * factor; ++fx)
                    largest = std::max(largest, distance[static_cast<std::size_t>(fy * columns + fx)]);
            double const weight = double{largest} * largest;
            total += weight;
            auto const cell = map.cell(static_cast<std::size_t>(y * map.columns + x));
            for (std::size_t j = 0; j < channels; ++j) {
                weighed[j] += weight * cell[j];
                plain[j] += cell[j];
            }
        }
    }
    std::vector<float> features(channels, 0.0F);
    if (total <= 0) return features;
    double length = 0;
    for (std::size_t j = 0; j < channels; ++j) {
        weighed[j] = weighed[j] / total - plain[j] / static_cast<double>(map.cells());
        length += weighed[j] * weighed[j];
    }
    length = std::sqrt(length + 1e-12);
    for (std::size_t j = 0; j < channels; ++j) features[j] = static_cast<float>(weighed[j] / length);
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
