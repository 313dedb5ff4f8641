#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "trap/scorer.hpp"
#include "vision/classifier.hpp"

namespace ounce::trap {

/// How frames are told to be of one trigger; see vision::BackgroundOptions.
struct BackgroundScorerOptions {
    std::chrono::milliseconds burst_gap{3000};
};

/// Scores each frame against its camera's other frames (vision/camera_background.hpp), in two looks: a cheap
/// one at every frame that finds where something changed, a costly one at those frames where it did, that
/// tells what it is. A frame without others to compare with is judged whole, as the whole-picture scorer
/// does; its flags say so. Such frames, those with one or two others, and those of a camera that moved
/// are never set aside (FrameScore::keep): the measure is too doubtful for that.
///
/// With a package that has background.json. Errors: FailedPrecondition if it has none, or is a model.pb; as
/// vision::Classifier::open, read_package, BackgroundNetwork::create.
Result<std::unique_ptr<Scorer>> open_background_scorer(std::filesystem::path const& package,
                                                       vision::Classifier::Options const& model,
                                                       BackgroundScorerOptions const& options);

/// The same with no training at all. Its tags are "animal" and "empty". Errors: as open_untrained_scorer.
Result<std::unique_ptr<Scorer>> open_untrained_background_scorer(std::string const& backbone,
                                                                 BackgroundScorerOptions const& options);

}  // namespace ounce::trap
