#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "train/background_head.hpp"
#include "vision/cell_map.hpp"
#include "vision/session.hpp"

namespace ounce::train {

/// The two parts of a model that a camera's background needs: up to the middle for every frame, up to the
/// last map for the frames in which something changed. Thread-safe.
class BackgroundNetwork {
  public:
    /// `model`: a backbone or a package's model with the outputs "middle" and "map".
    /// Errors: DataLoss if it is no ONNX model; FailedPrecondition if it lacks an output (made by an older
    /// program: train again); InvalidArgument if the head does not fit the map.
    static Result<BackgroundNetwork> create(ByteView model, BackgroundHead head);

    struct Look {
        vision::CellMap middle;
        bool infrared = false;
        bool grey = false;  // stored with one channel
        int width_px = 0;   // of the whole picture, upright
        int height_px = 0;
        std::string damage;  // not empty: the file broke off
    };
    /// The cheap look. Errors: as vision::decode.
    [[nodiscard]] Result<Look> look(ByteView picture) const;

    /// The costly look: features of what changed, for the head. `distance` is FrameChange::distance,
    /// `columns` wide. Errors: as vision::decode; InvalidArgument if the grid does not fit the map.
    [[nodiscard]] Result<std::vector<float>> features(ByteView picture, std::span<float const> distance,
                                                      int columns) const;

    [[nodiscard]] BackgroundHead const& head() const { return head_; }

  private:
    BackgroundNetwork(vision::Session middle, vision::Session map, BackgroundHead head)
        : middle_(std::move(middle)), map_(std::move(map)), head_(std::move(head)) {}

    vision::Session middle_;
    vision::Session map_;
    BackgroundHead head_;
};

}  // namespace ounce::train
