#include "trap/recall.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "base/random.hpp"
#include "base/result.hpp"

namespace ounce::trap {
namespace {

constexpr int kBisections = 200;  // far beyond what a double holds

/// The continued fraction of I_x(a, b), for x < (a + 1) / (a + b + 2) where it converges fast.
double beta_fraction(double a, double b, double x) {
    constexpr double kTiny = 1e-300;
    constexpr double kEnough = 1e-15;
    constexpr int kTermsMax = 100'000;
    double c = 1;
    double d = 1 - (a + b) * x / (a + 1);
    d = 1 / (std::abs(d) < kTiny ? kTiny : d);
    double fraction = d;
    for (int term = 1; term <= kTermsMax; ++term) {
        double const m = term;
        for (double const numerator : {m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
                                       -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))}) {
            d = 1 + numerator * d;
            d = 1 / (std::abs(d) < kTiny ? kTiny : d);
            c = 1 + numerator / c;
            if (std::abs(c) < kTiny) c = kTiny;
            fraction *= c * d;
        }
        if (std::abs(c * d - 1) < kEnough) break;
    }
    return fraction;
}

/// The x where I_x(a, b) = p.
double inverse_beta(double a, double b, double p) {
    double low = 0;
    double high = 1;
    for (int i = 0; i < kBisections && high - low > 0; ++i) {
        auto const middle = low + (high - low) / 2;
        if (middle == low || middle == high) break;
        (incomplete_beta(a, b, middle) < p ? low : high) = middle;
    }
    return high;
}

}  // namespace

double incomplete_beta(double a, double b, double x) {
    if (x <= 0) return 0;
    if (x >= 1) return 1;
    auto const front =
        std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + a * std::log(x) + b * std::log1p(-x));
    if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
    return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double share_at_most(std::uint64_t hits, std::uint64_t trials, double confidence) {
    if (hits >= trials) return 1;
    return inverse_beta(static_cast<double>(hits) + 1, static_cast<double>(trials - hits), confidence);
}

double share_at_least(std::uint64_t hits, std::uint64_t trials, double confidence) {
    if (hits == 0 || trials == 0) return 0;
    return 1 - share_at_most(trials - hits, trials, confidence);
}

Threshold choose_threshold(std::span<double const> positive_scores, double recall, double confidence) {
    OUNCE_CHECK(recall > 0 && recall < 1);
    Threshold chosen;
    chosen.positives = positive_scores.size();
    if (positive_scores.empty()) return chosen;
    std::vector<double> sorted(positive_scores.begin(), positive_scores.end());
    std::sort(sorted.begin(), sorted.end());
    auto const n = static_cast<double>(sorted.size());
    // The k-th lowest positive as threshold, k as large as the promise allows; at least the lowest one.
    std::size_t k = 1;
    while (k < sorted.size() &&
           incomplete_beta(static_cast<double>(k) + 1, n - static_cast<double>(k), 1 - recall) >= confidence)
        ++k;
    chosen.score = sorted[k - 1];
    chosen.kept =
        static_cast<std::size_t>(sorted.end() - std::lower_bound(sorted.begin(), sorted.end(), chosen.score));
    auto const rank = static_cast<double>(k);
    chosen.recall_at_least = 1 - inverse_beta(rank, n - rank + 1, confidence);
    chosen.promised = chosen.recall_at_least >= recall;
    return chosen;
}

std::size_t positives_needed(double recall, double confidence) {
    OUNCE_CHECK(recall > 0 && recall < 1);
    return static_cast<std::size_t>(std::ceil(std::log(1 - confidence) / std::log(recall) - 1e-9));
}

std::vector<std::uint64_t> random_sample(std::uint64_t total, std::size_t count, std::uint64_t seed) {
    // Fisher-Yates on a list that is never written down: only the cells that were swapped are kept.
    Random random(seed);
    std::unordered_map<std::uint64_t, std::uint64_t> swapped;
    auto const at = [&swapped](std::uint64_t index) {
        auto const found = swapped.find(index);
        return found == swapped.end() ? index : found->second;
    };
    std::vector<std::uint64_t> sample;
    for (std::uint64_t i = 0; i < total && sample.size() < count; ++i) {
        auto const other = i + random.below(total - i);
        sample.push_back(at(other));
        swapped[other] = at(i);
    }
    return sample;
}

AuditBound audit_bound(std::uint64_t sample, std::uint64_t misses, std::uint64_t discarded, double found,
                       double confidence) {
    AuditBound bound{.sample = sample, .misses = misses, .discarded = discarded, .confidence = confidence};
    if (sample >= discarded) {  // all of them were looked at: nothing is left to chance
        bound.missed_events_at_most = misses;
        bound.miss_share_at_most =
            discarded == 0 ? 0 : static_cast<double>(misses) / static_cast<double>(discarded);
    } else {
        bound.miss_share_at_most = share_at_most(misses, sample, confidence);
        auto const missed = std::floor(bound.miss_share_at_most * static_cast<double>(discarded));
        bound.missed_events_at_most = std::max(misses, static_cast<std::uint64_t>(missed));
    }
    auto const all = found + static_cast<double>(bound.missed_events_at_most);
    bound.recall_at_least = all > 0 ? found / all : 1;
    return bound;
}

}  // namespace ounce::trap
