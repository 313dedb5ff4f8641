#include "project/performance.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "train/evaluation.hpp"

namespace ounce::project {
namespace {

struct Counts {
    std::size_t hits = 0;
    std::size_t called = 0;
    std::size_t there = 0;

    Counts& operator+=(Counts const& other) {
        hits += other.hits;
        called += other.called;
        there += other.there;
        return *this;
    }
    [[nodiscard]] std::optional<double> precision() const { return share(called); }
    [[nodiscard]] std::optional<double> recall() const { return share(there); }

  private:
    [[nodiscard]] std::optional<double> share(std::size_t of) const {
        if (of == 0) return std::nullopt;
        return static_cast<double>(hits) / static_cast<double>(of);
    }
};

/// Of the values there are; 0 for fewer than two.
double deviation(std::vector<double> const& values) {
    if (values.size() < 2) return 0;
    double mean = 0;
    for (auto const value : values) mean += value / static_cast<double>(values.size());
    double variance = 0;
    for (auto const value : values)
        variance += (value - mean) * (value - mean) / static_cast<double>(values.size());
    return std::sqrt(variance);
}

Performance summed_up(std::map<int, Counts> const& by_fold) {
    Counts all;
    std::vector<double> precisions;
    std::vector<double> recalls;
    for (auto const& [fold, counts] : by_fold) {
        all += counts;
        if (auto const precision = counts.precision()) precisions.push_back(*precision);
        if (auto const recall = counts.recall()) recalls.push_back(*recall);
    }
    return {all.precision().value_or(0), deviation(precisions), all.recall().value_or(0), deviation(recalls),
            std::nullopt};
}

bool has(MeasuredImage const& image, std::size_t place) {
    return std::ranges::find(image.places, static_cast<int>(place)) != image.places.end();
}

}  // namespace

IterationPerformance measure(std::span<Tag const> tags, std::span<MeasuredImage const> images,
                             double threshold) {
    IterationPerformance result;
    std::map<int, Counts> all;
    double precision_sum = 0;
    std::size_t precisions = 0;
    for (std::size_t place = 0; place < tags.size(); ++place) {
        std::map<int, Counts> by_fold;
        std::vector<double> scores;
        std::vector<std::uint8_t> truth;
        for (auto const& image : images) {
            if (place >= image.probabilities.size()) continue;
            auto const probability = double{image.probabilities[place]};
            bool const there = has(image, place);
            bool const called = probability >= threshold;
            auto const counts = Counts{there && called ? 1U : 0U, called ? 1U : 0U, there ? 1U : 0U};
            by_fold[image.fold] += counts;
            all[image.fold] += counts;
            scores.push_back(probability);
            truth.push_back(there ? 1 : 0);
        }
        result.tags.push_back(summed_up(by_fold));
        auto& average_precision = result.tags.back().average_precision;
        average_precision = train::average_precision(scores, truth);
        if (average_precision) {
            precision_sum += *average_precision;
            ++precisions;
        }
    }
    result.all = summed_up(all);
    if (precisions > 0) result.all.average_precision = precision_sum / static_cast<double>(precisions);
    return result;
}

}  // namespace ounce::project
