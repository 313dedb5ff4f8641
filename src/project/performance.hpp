#pragma once

#include <optional>
#include <span>
#include <vector>

#include "project/tags.hpp"

namespace ounce::project {

/// An image of a trained iteration, answered for by a model that did not learn from it.
struct MeasuredImage {
    int fold = 0;
    std::vector<int> places;           // of its tags
    std::vector<float> probabilities;  // a place each
};

/// Precision and recall at a threshold, and how much they differ between the parts of the cross-validation
/// (standard deviation). What cannot be measured is 0; average precision then is missing.
struct Performance {
    double precision = 0;
    double precision_deviation = 0;
    double recall = 0;
    double recall_deviation = 0;
    std::optional<double> average_precision;  // independent of the threshold
};

struct IterationPerformance {
    Performance all;                // over every image and tag; average precision: the mean of the tags'
    std::vector<Performance> tags;  // a place each
};

/// A tag counts as called where its probability is `threshold` or more (custom-vision-api.md section 4.6).
/// Pure.
IterationPerformance measure(std::span<Tag const> tags, std::span<MeasuredImage const> images,
                             double threshold);

}  // namespace ounce::project
