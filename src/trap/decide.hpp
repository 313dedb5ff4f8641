#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace ounce::trap {

/// What is known of the tags when frames vote.
struct VoteTags {
    std::size_t count = 0;
    int negative = -1;  // which tag means "nothing there", -1 = none
    bool exclusive = true;
    /// The gate is measured apart from the tags, and bounds what they may add up to.
    bool gated = false;
};

/// How the frames of an event become one answer.
enum class Voting {
    /// Species by the mean of log-probabilities, each frame counting as much as it shows an animal: frames
    /// after the animal has left do not vote it down, and one wild frame does not win. Whether there is an
    /// animal: the surest frame, since one clear frame is enough and the others may be empty. The default.
    MeanLogit,
    Max,      // each tag by its surest frame
    NoisyOr,  // 1 - product(1 - p): as if frames were independent, which those of a burst are not
};

struct Verdict {
    std::vector<double> probabilities;  // in the order of the tags
    double gate = 0;                    // an animal at all
    /// The likeliest tag (the negative one among them), -1 if there are no tags.
    int tag = -1;
};

/// Collects the votes of one event's frames, in constant memory. Pure.
class Vote {
  public:
    Vote(VoteTags const& tags, Voting voting);
    void add(std::span<float const> probabilities, double gate);
    /// Of at least one frame.
    [[nodiscard]] Verdict verdict() const;

  private:
    VoteTags tags_;
    Voting voting_;
    std::vector<double> log_sum_;
    std::vector<double> max_;
    std::vector<double> log_none_;  // sum of log(1 - p)
    double weight_ = 0;
    double gate_max_ = 0;
    double gate_log_none_ = 0;
};

/// What ranks an event: the probability of the target, or of any animal if `target` is -1.
double rank_score(Verdict const& verdict, int target);

/// Words for a probability: "sure" from .9, "likely" from .6, "doubtful" from .25, else "unlikely".
std::string_view certainty(double probability);

}  // namespace ounce::trap
