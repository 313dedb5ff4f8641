#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "vision/background.hpp"
#include "vision/cell_map.hpp"
#include "vision/image.hpp"

namespace ounce::vision {

/// A frame of one camera, as far as its background needs it. Borrows everything.
struct CameraFrame {
    std::chrono::milliseconds time{};  // since any moment, the same for all frames
    bool infrared = false;
    CellMap const* middle = nullptr;  // of the same shape in all frames
    /// Where find_change() keeps the frame's background distance once it is worked out: each frame is asked
    /// for it many times, as a neighbour. Start with nothing in it.
    std::optional<std::vector<float>>* distance = nullptr;
};

struct BackgroundOptions {
    /// The most neighbours a frame is held against, and how many places before and after it they may be.
    std::size_t neighbours_max = 24;
    /// Frames no further apart than this belong to one trigger: the animal of one is in the others, too.
    std::chrono::milliseconds burst_gap{3000};
};

/// How many frames before and after one find_change() must see for its answer to be the final one.
inline constexpr std::size_t kBackgroundWindow = 48;

/// The frame's neighbours in time: of the frames at most `neighbours_max` places away and of the same kind of
/// light, the nearest in time (before the later, where equal), nearest first. Its own burst is left out where
/// at least 4 others remain. `frames` in time order. Pure.
std::vector<std::size_t> background_neighbours(std::span<CameraFrame const> frames, std::size_t index,
                                               BackgroundOptions const& options);

/// What is different in one frame.
struct FrameChange {
    std::size_t neighbours = 0;   // 0: nothing else below is told
    std::vector<float> distance;  // background_distance() of each cell
    float score = 0;              // change_score()
    std::optional<Box> box;       // change_box()
    /// Most of the picture is unlike the neighbours, far more than they are unlike theirs: the camera moved
    /// or something covers it. The score says nothing then.
    bool camera_moved = false;
};

/// Holds frames[index] against its neighbours. `frames`: one camera's in time order, with kBackgroundWindow
/// (or all there are) on each side of it. The answer depends on these frames alone. One thread at a time for
/// frames that share `distance`.
FrameChange find_change(std::span<CameraFrame const> frames, std::size_t index,
                        BackgroundOptions const& options);

/// Whether the picture was taken by infrared flash: grey all over. The upper and lower edges are left out,
/// where cameras burn in coloured logos. A picture with colour has a mean difference of red and blue of 25
/// and more, one by infrared of 0 to 1; the line is at 4.
bool is_infrared(Image const& image);

}  // namespace ounce::vision
