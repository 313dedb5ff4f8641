#pragma once

#include <chrono>
#include <stop_token>
#include <string>
#include <vector>

#include "base/progress.hpp"
#include "train/background_network.hpp"
#include "train/record_cache.hpp"
#include "train/trainer.hpp"

namespace ounce::train {

/// A picture as one of its camera's frames. What it is worth is filled in step by step.
struct BackgroundFrame {
    explicit BackgroundFrame(std::size_t picture_index) : picture(picture_index) {}

    std::size_t picture;  // place in TrainedSet::pictures
    std::chrono::milliseconds time{};
    std::string event;  // pictures of one visit, for voting; empty = not known
    RecordCache::Key key{};
    // By find_changes(), as vision::FrameChange:
    std::size_t neighbours = 0;
    float score = 0;
    std::vector<float> distance;
    // By find_changed_features():
    std::vector<float> features;
};
using BackgroundCamera = std::vector<BackgroundFrame>;

/// Which pictures are of one camera, each camera's in order of time where known, else of name: EXIF's camera,
/// as when sifting, else the CSV's group. Pictures of no known camera are left out.
std::vector<BackgroundCamera> background_cameras(TrainedSet const& set);

/// Whether the picture's tag says that nothing is there.
bool is_negative(TrainedSet const& set, std::size_t picture);

/// The cheap look at each frame, held against its neighbours. A picture that cannot be read has no
/// neighbours. What was computed is kept in the set's cache. Errors: Cancelled.
Status find_changes(std::vector<BackgroundCamera>& cameras, TrainedSet const& set,
                    BackgroundNetwork const& network, ProgressSink const& progress,
                    std::stop_token const& stop);

/// The costly look at these frames (with neighbours): features of what changed. Kept likewise.
/// Errors: Cancelled; as BackgroundNetwork::features.
Status find_changed_features(std::vector<BackgroundFrame*> const& frames, TrainedSet const& set,
                             BackgroundNetwork const& network, ProgressSink const& progress,
                             std::stop_token const& stop);

}  // namespace ounce::train
