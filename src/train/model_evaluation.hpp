#pragma once

#include <filesystem>
#include <stop_token>

#include "base/progress.hpp"
#include "train/dataset.hpp"
#include "train/evaluation.hpp"
#include "train/features.hpp"
#include "vision/classifier.hpp"

namespace ounce::train {

struct ModelEvaluationOptions {
    std::filesystem::path model;     // as Classifier::open
    std::filesystem::path pictures;  // as list_pictures
    std::optional<std::string> public_key_pem;
    std::optional<double> threshold;  // instead of the package's own
    CacheOptions cache;               // of picture identities
    int threads = 0;                  // 0: all processors
};

struct ModelEvaluationReport {
    vision::PackageInfo info;
    std::vector<std::string> names;
    Labels labels;
    Matrix probabilities;
    std::vector<int> groups;
    Evaluation evaluation;
    std::string group_source;
    std::vector<Problem> problems;
    std::vector<std::string> unknown_tags;  // of the pictures, which the model does not know
    std::size_t learnt_from = 0;            // pictures that the model was trained on: their answers flatter
    std::vector<std::string> warnings;
    double seconds = 0;  // that answering took
};

/// Asks a model about tagged pictures and measures its answers as `train` measures its own. Pictures of tags
/// that a multiclass model does not know are left out and said so. Errors: as Classifier::open,
/// list_pictures, identify_pictures; FailedPrecondition if no picture is left to measure by; Cancelled.
Result<ModelEvaluationReport> evaluate_model(ModelEvaluationOptions const& options,
                                             ProgressSink const& progress, std::stop_token stop);

}  // namespace ounce::train
