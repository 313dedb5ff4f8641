#pragma once

#include <string>
#include <vector>

#include "trap/scorer.hpp"
#include "vision/recipe.hpp"
#include "vision/tensor.hpp"

// Shared by the scorers that need no neighbours.
namespace ounce::trap {

/// All that is left of a picture: its probabilities.
struct WholeLook : Look {
    std::vector<float> probabilities;
    double gate = 0;
};

/// Decodes for `recipe`, and notes in `look` what the pipeline wants to know of the picture.
/// Errors: as vision::decode.
Result<vision::Tensor> prepare(vision::Recipe const& recipe, ByteView file, Look& look);

/// A scorer whose looks hold the answer already.
class WholeScorer : public Scorer {
  public:
    [[nodiscard]] std::size_t window() const final { return 0; }
    [[nodiscard]] std::vector<ScoredTag> const& tags() const final { return tags_; }
    [[nodiscard]] std::string identity() const final { return identity_; }
    [[nodiscard]] std::string description() const final { return description_; }
    [[nodiscard]] Result<FrameScore> score(std::span<Frame const> frames, std::size_t index) const final {
        auto const& look = static_cast<WholeLook const&>(*frames[index].look);
        return FrameScore{.probabilities = look.probabilities,
                          .gate = look.gate,
                          .box = std::nullopt,
                          .flags = {},
                          .keep = false,
                          .notes = {}};
    }

  protected:
    std::vector<ScoredTag> tags_;
    std::string identity_;
    std::string description_;
};

}  // namespace ounce::trap
