#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace ounce::trap {

/// The regularised incomplete beta function I_x(a, b), by its continued fraction (Lentz). a, b > 0.
double incomplete_beta(double a, double b, double x);

/// The upper Clopper-Pearson bound of a share: with `hits` of `trials` seen, the true share is at most this
/// with `confidence` (one-sided, .95 = 95 %). 1 if there were no trials.
double share_at_most(std::uint64_t hits, std::uint64_t trials, double confidence);
/// The lower one.
double share_at_least(std::uint64_t hits, std::uint64_t trials, double confidence);

/// A threshold and what stands behind it.
struct Threshold {
    double score = 0;  // look at events from here on
    std::size_t positives = 0;
    std::size_t kept = 0;  // of the positives
    /// The recall that the held-out events promise, with the confidence asked for (events like those, an
    /// order statistic: no assumption on how scores are spread).
    double recall_at_least = 0;
    /// Whether that reaches the wish. If not there were too few positives to promise it; the lowest score
    /// that keeps them all is taken then.
    bool promised = false;
};

/// The highest threshold on `positive_scores` (held-out events that do show the target) of which it can be
/// said with `confidence` that at least `recall` of such events come out above. With k - 1 of n below, the
/// share missed is below x with probability I_x(k, n - k + 1). 0 < recall < 1.
Threshold choose_threshold(std::span<double const> positive_scores, double recall, double confidence = 0.9);

/// How many held-out positives it takes before the wish can be promised at all (all of them kept).
std::size_t positives_needed(double recall, double confidence = 0.9);

/// `count` different numbers below `total`, at random but the same for the same seed, in random order.
std::vector<std::uint64_t> random_sample(std::uint64_t total, std::size_t count, std::uint64_t seed);

/// What an audit of the discarded events says.
struct AuditBound {
    std::uint64_t sample = 0;     // looked at
    std::uint64_t misses = 0;     // of these showed what was sought
    std::uint64_t discarded = 0;  // events not looked at, the sample among them
    double confidence = 0.95;
    double miss_share_at_most = 1;            // of the discarded events
    std::uint64_t missed_events_at_most = 0;  // in all
    /// found / (found + missed_events_at_most); 1 if nothing was found and nothing can be missed.
    double recall_at_least = 0;
};
AuditBound audit_bound(std::uint64_t sample, std::uint64_t misses, std::uint64_t discarded, double found,
                       double confidence = 0.95);

}  // namespace ounce::trap
