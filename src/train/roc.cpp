#include "train/roc.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace ounce::train {

double area_under_roc(std::span<double const> scores, std::span<std::uint8_t const> positive) {
    std::vector<std::size_t> order(scores.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, {}, [&](std::size_t i) { return scores[i]; });
    double positives = 0;
    double negatives = 0;
    double wins = 0;
    for (std::size_t first = 0; first < order.size();) {
        std::size_t last = first;
        double tied_positives = 0;
        while (last < order.size() && scores[order[last]] == scores[order[first]])
            tied_positives += positive[order[last++]] != 0 ? 1 : 0;
        auto const tied_negatives = static_cast<double>(last - first) - tied_positives;
        wins += tied_positives * (negatives + tied_negatives / 2);
        positives += tied_positives;
        negatives += tied_negatives;
        first = last;
    }
    return positives == 0 || negatives == 0 ? 0.5 : wins / (positives * negatives);
}

}  // namespace ounce::train
