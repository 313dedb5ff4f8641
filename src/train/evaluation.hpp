#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "train/matrix.hpp"
#include "train/split.hpp"
#include "vision/package.hpp"

namespace ounce::train {

/// A share with its 95 % interval: what a second set of pictures like these would likely give.
struct Share {
    double value = 0;
    double low = 0;
    double high = 0;
    std::size_t of = 0;  // pictures behind it; 0 = nothing to measure, value is 0
};

/// Wilson's interval (Wilson 1927, J. Am. Stat. Assoc. 22) for `hits` of `of`.
Share share(std::size_t hits, std::size_t of);

struct TagEvaluation {
    std::string tag;
    double threshold = 0.5;
    std::size_t pictures = 0;                 // that have the tag
    Share precision;                          // of those called so, how many are
    Share recall;                             // of those that are, how many were called so
    std::optional<double> average_precision;  // none without pictures of the tag
    std::vector<std::size_t> false_alarms;    // pictures called so that are not, surest first
    std::vector<std::size_t> misses;  // pictures that are and were not called so, surest mistake first
};

struct ReliabilityBin {
    double claimed = 0;  // mean probability
    double came_true = 0;
    std::size_t count = 0;
};

/// A picture whose tag the model, asked without having learnt from it, firmly contradicts.
struct LabelDoubt {
    std::size_t picture = 0;
    std::string labelled;  // empty: without the tag
    std::string answered;
    double probability = 0;
};

/// The negative tag as a gate: what would be thrown away and what would be kept for nothing.
struct GateEvaluation {
    Share missed;                      // pictures with a tag that were called none
    double false_alarms_per_1000 = 0;  // of 1,000 empties, how many are kept
    std::size_t empties = 0;
};

struct Evaluation {
    std::size_t pictures = 0;
    std::size_t groups = 0;  // independent ones; the interval of accuracy is drawn over them
    Share accuracy;          // multiclass: highest tag is the right one; multilabel: all tags right
    Share balanced;          // mean of the tags' recalls by highest probability (multiclass)
    double mean_average_precision = 0;
    std::vector<TagEvaluation> tags;
    std::vector<std::vector<std::size_t>> confusion;  // [truth][highest]; multiclass only
    double calibration_error = 0;                     // expected (ECE), 10 bins
    std::vector<ReliabilityBin> bins;
    std::vector<LabelDoubt> label_doubts;  // surest first, at most 50
    std::optional<GateEvaluation> gate;
};

struct EvaluationInput {
    vision::Kind kind = vision::Kind::Multiclass;
    std::vector<vision::PackageTag> tags;
    Matrix const* probabilities = nullptr;  // pictures x tags; borrowed
    Labels const* labels = nullptr;
    std::vector<int> groups;  // see group_folds(); empty = each picture its own
    std::uint64_t seed = 1;
};

/// Measures answers against labels. Pure; the probabilities must come from models that did not learn from the
/// pictures they answer for. Pictures without any known tag count as "none of these".
Evaluation evaluate(EvaluationInput const& input);

/// Area under precision against recall as the mean precision at each hit, ties taken together.
std::optional<double> average_precision(std::span<double const> scores, std::span<std::uint8_t const> truth);

/// Everything, pictures by `names`, at most `examples_max` of them behind each number.
OrderedJson to_json(Evaluation const& evaluation, EvaluationInput const& input,
                    std::span<std::string const> names, std::size_t examples_max = 100);

}  // namespace ounce::train
