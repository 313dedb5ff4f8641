#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "trap/scorer.hpp"
#include "vision/classifier.hpp"

namespace ounce::trap {

/// Scores each picture by itself with a trained model: a package folder, or model.pb with labels.txt.
/// Errors: as vision::Classifier::open.
Result<std::unique_ptr<Scorer>> open_whole_picture_scorer(std::filesystem::path const& model,
                                                          vision::Classifier::Options const& options);

/// Scores with no training at all: the share of ImageNet's animal classes in the backbone's answer. Its tags
/// are "animal" and "empty". Ranks what is worth a look, no more. Errors: as backbone_model_path, Session.
Result<std::unique_ptr<Scorer>> open_untrained_scorer(std::string const& backbone);

}  // namespace ounce::trap
