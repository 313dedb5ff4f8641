#include "trap/decide.hpp"

#include <algorithm>
#include <cmath>

namespace ounce::trap {
namespace {

/// Keeps logarithms finite; a model that says 0 or 1 is never that sure.
constexpr double kLeast = 1e-6;

double bounded(double probability) {
    return std::isnan(probability) ? kLeast : std::clamp(probability, kLeast, 1 - kLeast);
}

/// Scales the tags other than `skip` so that they add up to `total`.
void scale_to(std::vector<double>& values, int skip, double total) {
    double sum = 0;
    for (std::size_t i = 0; i < values.size(); ++i)
        if (static_cast<int>(i) != skip) sum += values[i];
    for (std::size_t i = 0; i < values.size(); ++i)
        if (static_cast<int>(i) != skip && sum > 0) values[i] *= total / sum;
}

}  // namespace

Vote::Vote(VoteTags const& tags, Voting voting)
    : tags_(tags), voting_(voting), log_sum_(tags.count), max_(tags.count), log_none_(tags.count) {}

void Vote::add(std::span<float const> probabilities, double gate) {
    auto const sure = bounded(gate);
    gate_max_ = std::max(gate_max_, sure);
    gate_log_none_ += std::log1p(-sure);
    weight_ += sure;
    for (std::size_t i = 0; i < tags_.count && i < probabilities.size(); ++i) {
        auto const p = bounded(static_cast<double>(probabilities[i]));
        log_sum_[i] += sure * (tags_.exclusive ? std::log(p) : std::log(p / (1 - p)));
        max_[i] = std::max(max_[i], p);
        log_none_[i] += std::log1p(-p);
    }
}

Verdict Vote::verdict() const {
    Verdict verdict;
    verdict.gate = voting_ == Voting::NoisyOr ? -std::expm1(gate_log_none_) : gate_max_;
    verdict.probabilities.resize(tags_.count);
    for (std::size_t i = 0; i < tags_.count; ++i) {
        auto& p = verdict.probabilities[i];
        auto const mean = weight_ > 0 ? log_sum_[i] / weight_ : 0;
        switch (voting_) {
            case Voting::MeanLogit:
                p = tags_.exclusive ? std::exp(mean) : 1 / (1 + std::exp(-mean));
                break;
            case Voting::Max:
                p = max_[i];
                break;
            case Voting::NoisyOr:
                p = -std::expm1(log_none_[i]);
                break;
        }
    }
    if (tags_.exclusive && tags_.negative >= 0) {
        scale_to(verdict.probabilities, tags_.negative, verdict.gate);
        verdict.probabilities[static_cast<std::size_t>(tags_.negative)] = 1 - verdict.gate;
    } else if (tags_.exclusive) {
        scale_to(verdict.probabilities, -1, tags_.gated ? verdict.gate : 1);
    }
    if (tags_.count > 0) {
        auto const best = std::max_element(verdict.probabilities.begin(), verdict.probabilities.end());
        verdict.tag = static_cast<int>(best - verdict.probabilities.begin());
    }
    return verdict;
}

double rank_score(Verdict const& verdict, int target) {
    return target < 0 ? verdict.gate : verdict.probabilities[static_cast<std::size_t>(target)];
}

std::string_view certainty(double probability) {
    if (probability >= 0.9) return "sure";
    if (probability >= 0.6) return "likely";
    if (probability >= 0.25) return "doubtful";
    return "unlikely";
}

}  // namespace ounce::trap
