#pragma once

#include <stop_token>

#include "base/progress.hpp"
#include "train/cross_validation.hpp"
#include "train/trainer.hpp"

namespace ounce::train {

/// How a head is fitted to vision::changed_features(): as they are, held back little. Their rows are all 1
/// long and point where the animal does; to make each feature vary alike, or to hold the weights back as
/// whole pictures need it, costs several points each (docs/decisions/0007-camera-background.md).
CrossValidationOptions for_changed_features(CrossValidationOptions options);

/// An ExtraStep: learns from the same pictures what their cameras' backgrounds tell, and adds it to the
/// package as background.json with its measures as metrics.background (frames, cameras, gate and tags out of
/// fold, held_out).
///
/// Pictures of one group of the CSV, or of one EXIF camera, are taken as one camera's frames, in order of
/// time where known, else of name. Where too few have neighbours, or too few tags, the gate keeps the
/// built-in constants or the head is left out, and metrics.background.note says so; that is no error. What
/// was computed is kept in the cache; changing tags computes nothing again but for pictures that were empty.
/// Errors: Cancelled; as BackgroundNetwork and cross_validate.
Status add_background_head(TrainedSet const& set, vision::Package& package, ProgressSink const& progress,
                           std::stop_token stop);

}  // namespace ounce::train
