#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "train/backbone.hpp"
#include "train/linear_head.hpp"
#include "vision/recipe.hpp"

namespace ounce::train {

/// What `ounce sift` needs beside the whole-picture model to use each camera's own background: a package's
/// extra file background.json (docs/formats/package.md).
struct BackgroundHead {
    vision::Recipe gate_recipe;  // for the backbone's "middle": cheap, every frame
    vision::Recipe recipe;       // for the backbone's "map": costly, only frames in which something changed
    /// Probability that there is an animal = sigmoid(gate_slope * log(max(score, kScoreFloor)) +
    /// gate_offset), where score is vision::FrameChange::score.
    double gate_slope = 0;
    double gate_offset = 0;
    bool gate_trained = false;  // false: the constants that the demo's frames gave
    /// Tags from vision::changed_features(); none where there was one tag only or too little to learn from.
    std::vector<std::string> tags;
    std::optional<LinearHead> head;

    [[nodiscard]] double gate(double score) const;
};

inline constexpr double kScoreFloor = 0.005;  // scores below are noise of the arithmetic and of JPEG
/// From this gate on a frame is worth the costly look. Below, an even share of what little the gate gives is
/// as good: on the demo's frames it spares half of the empties and costs 2 % of the animals their name.
inline constexpr double kLookAgain = 0.3;
inline constexpr char const* kBackgroundFile = "background.json";

/// The gate alone, for cameras whose animals nobody has tagged yet.
BackgroundHead untrained_background_head(Backbone const& backbone);

/// Probabilities in the order of `tags`: the negative tag gets 1 - gate; the others share the gate as the
/// head says (multiclass) or are each held under it (multilabel). `features` are those of the changed cells;
/// empty where the costly size was not run, then the others share evenly.
std::vector<float> background_probabilities(BackgroundHead const& head,
                                            std::span<vision::PackageTag const> tags, double gate,
                                            std::span<float const> features);

OrderedJson to_json(BackgroundHead const& head);
/// Errors: InvalidArgument naming the member; Unimplemented for a newer format.
Result<BackgroundHead> parse_background_head(Json const& json);

}  // namespace ounce::train
