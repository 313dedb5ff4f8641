#include "train/pooling.hpp"

#include <algorithm>
#include <functional>
#include <numeric>

#include "base/result.hpp"

namespace ounce::train {

std::string_view to_string(Pooling pooling) {
    switch (pooling) {
        case Pooling::Average:
            return "average";
        case Pooling::Maximum:
            return "maximum";
        case Pooling::Top:
            return "topk";
        case Pooling::AverageMaximum:
            return "average+maximum";
    }
    return "average";
}

std::optional<Pooling> find_pooling(std::string_view name) {
    for (auto const pooling : {Pooling::Average, Pooling::Maximum, Pooling::Top, Pooling::AverageMaximum})
        if (to_string(pooling) == name) return pooling;
    return std::nullopt;
}

std::size_t top_cells(std::size_t cells) {
    return std::max<std::size_t>(1, (cells + 5) / 10);
}

std::vector<float> pool_all(std::span<float const> map, std::size_t channels) {
    OUNCE_CHECK(channels > 0 && !map.empty() && map.size() % channels == 0);
    auto const cells = map.size() / channels;
    auto const top = top_cells(cells);
    std::vector<float> out(3 * channels);
    std::vector<float> sorted(cells);
    for (std::size_t c = 0; c < channels; ++c) {
        std::copy_n(map.begin() + static_cast<std::ptrdiff_t>(c * cells), cells, sorted.begin());
        std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(top - 1), sorted.end(),
                         std::greater<>());
        double best = 0;
        float largest = sorted[0];
        for (std::size_t i = 0; i < top; ++i) {
            best += static_cast<double>(sorted[i]);
            largest = std::max(largest, sorted[i]);
        }
        double sum = best;
        for (std::size_t i = top; i < cells; ++i) sum += static_cast<double>(sorted[i]);
        out[c] = static_cast<float>(sum / static_cast<double>(cells));
        out[channels + c] = largest;
        out[2 * channels + c] = static_cast<float>(best / static_cast<double>(top));
    }
    return out;
}

std::vector<float> pick_pooling(std::span<float const> pooled, Pooling pooling) {
    auto const channels = pooled.size() / 3;
    auto const part = [&](std::size_t from, std::size_t count) {
        auto const view = pooled.subspan(from * channels, count * channels);
        return std::vector<float>(view.begin(), view.end());
    };
    switch (pooling) {
        case Pooling::Average:
            return part(0, 1);
        case Pooling::Maximum:
            return part(1, 1);
        case Pooling::Top:
            return part(2, 1);
        case Pooling::AverageMaximum:
            return part(0, 2);
    }
    return part(0, 1);
}

}  // namespace ounce::train
