#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "vision/exif.hpp"
#include "vision/image.hpp"

namespace ounce::trap {

/// A tag as the pipeline needs to know it.
struct ScoredTag {
    std::string name;
    double threshold = 0.5;
    bool negative = false;  // nothing there
};

/// What a scorer took from one picture alone (feature maps, logits): opaque to the pipeline, which only
/// keeps it while the picture is in some neighbour's window. Keep it small: up to 2 * window() + 1 + the
/// pictures in work are alive at once.
class Look {
  public:
    Look() = default;
    Look(Look const&) = delete;
    Look& operator=(Look const&) = delete;
    virtual ~Look() = default;

    int width_px = 0;  // of the whole picture, upright
    int height_px = 0;
    bool grey = false;   // infrared frames mostly are
    std::string damage;  // not empty: the file broke off, this much could be used
};

/// One frame of a camera, with its time, as score() sees it.
struct Frame {
    vision::CameraTime time{};
    Look const* look = nullptr;
};

/// The answer for one frame.
struct FrameScore {
    std::vector<float> probabilities;  // in the order of tags()
    double gate = 0;                   // that there is an animal at all
    std::optional<vision::Box> box;    // where something changed
    std::string
        flags;  // "" or words: "too few frames at this camera", "camera moved"; several joined by "; "
    /// Not to be set aside whatever it scores: the measure could not be trusted here, and flags say why.
    bool keep = false;
    /// Not empty: the answer is a first one, and look_again() can better it, given these.
    Bytes notes;
};

/// Gives each frame its probabilities. The pipeline calls look() for every picture, on many threads, and
/// score() for every frame of a camera in time order, with its neighbours.
class Scorer {
  public:
    Scorer() = default;
    Scorer(Scorer const&) = delete;
    Scorer& operator=(Scorer const&) = delete;
    virtual ~Scorer() = default;

    /// Another string = other scores: hash of the model, version of the method. What is in the journal under
    /// another identity is computed again.
    [[nodiscard]] virtual std::string identity() const = 0;
    /// What a person may read about the method: "package red-deer (whole picture)", "untrained".
    [[nodiscard]] virtual std::string description() const = 0;
    [[nodiscard]] virtual std::vector<ScoredTag> const& tags() const = 0;
    /// Whether the tags exclude each other (probabilities add up to 1).
    [[nodiscard]] virtual bool exclusive() const = 0;
    /// Whether FrameScore::gate is measured apart from the tags: probabilities then lie under it. Otherwise
    /// the gate follows from the tags.
    [[nodiscard]] virtual bool gated() const { return false; }
    /// How many frames before and after one score() wants to see. Bounded: at most 64.
    [[nodiscard]] virtual std::size_t window() const = 0;

    /// The costly part: decode, recipe, network. Thread-safe.
    /// Errors: as vision::decode for a picture that cannot be read: the run goes on without it.
    [[nodiscard]] virtual Result<std::unique_ptr<Look>> look(ByteView picture_file) const = 0;

    /// `frames` are of one camera in time order, with up to window() readable ones on each side of
    /// frames[index]. Must depend on nothing else, so that a resumed run gives the same. Thread-safe.
    [[nodiscard]] virtual Result<FrameScore> score(std::span<Frame const> frames,
                                                   std::size_t index) const = 0;

    /// The second, costlier look at a frame whose first answer has notes. The result has none. Thread-safe.
    /// Errors: as look().
    [[nodiscard]] virtual Result<FrameScore> look_again(ByteView picture_file, FrameScore const& first) const;
};

}  // namespace ounce::trap
