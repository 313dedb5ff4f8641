#include "vision/camera_background.hpp"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <utility>

#include "base/result.hpp"

namespace ounce::vision {
namespace {

constexpr std::size_t kOthersMin = 4;   // without the own burst; fewer, and it is better than nothing
constexpr float kMovedFactor = 3;       // this many times the neighbours' usual distance ...
constexpr float kMovedDistance = 0.1F;  // ... and at least this far

float median(std::vector<float> values) {
    auto const middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

/// First and last frame of the trigger that frames[index] belongs to, as far as `reach` places away.
std::pair<std::size_t, std::size_t> own_burst(std::span<CameraFrame const> frames, std::size_t index,
                                              BackgroundOptions const& options) {
    std::size_t first = index;
    std::size_t last = index;
    while (first > 0 && index - first < options.neighbours_max &&
           frames[first].time - frames[first - 1].time <= options.burst_gap)
        --first;
    while (last + 1 < frames.size() && last - index < options.neighbours_max &&
           frames[last + 1].time - frames[last].time <= options.burst_gap)
        ++last;
    return {first, last};
}

std::vector<float> const& distance_of(std::span<CameraFrame const> frames, std::size_t index,
                                      std::vector<std::size_t> const& neighbours) {
    auto const& frame = frames[index];
    if (!frame.distance->has_value()) {
        std::vector<std::vector<float>> distances;
        distances.reserve(neighbours.size());
        for (auto const j : neighbours) distances.push_back(cell_distances(*frame.middle, *frames[j].middle));
        std::vector<std::vector<float> const*> all;
        for (auto const& one : distances) all.push_back(&one);
        *frame.distance = all.empty() ? std::vector<float>{} : background_distance(all);
    }
    return **frame.distance;
}

}  // namespace

std::vector<std::size_t> background_neighbours(std::span<CameraFrame const> frames, std::size_t index,
                                               BackgroundOptions const& options) {
    OUNCE_CHECK(index < frames.size() && 2 * options.neighbours_max <= kBackgroundWindow);
    auto const first = index > options.neighbours_max ? index - options.neighbours_max : 0;
    auto const last = std::min(frames.size() - 1, index + options.neighbours_max);
    std::vector<std::size_t> all;
    for (std::size_t i = first; i <= last; ++i)
        if (i != index && frames[i].infrared == frames[index].infrared) all.push_back(i);
    auto const [burst_first, burst_last] = own_burst(frames, index, options);
    std::vector<std::size_t> others;
    std::ranges::copy_if(all, std::back_inserter(others),
                         [&](std::size_t i) { return i < burst_first || i > burst_last; });
    if (others.size() < kOthersMin) others = std::move(all);
    std::ranges::sort(others, {}, [&](std::size_t i) {
        return std::pair(std::chrono::abs(frames[i].time - frames[index].time), i);
    });
    if (others.size() > options.neighbours_max) others.resize(options.neighbours_max);
    return others;
}

FrameChange find_change(std::span<CameraFrame const> frames, std::size_t index,
                        BackgroundOptions const& options) {
    FrameChange change;
    auto const neighbours = background_neighbours(frames, index, options);
    change.neighbours = neighbours.size();
    if (neighbours.empty()) return change;
    change.distance = distance_of(frames, index, neighbours);

    std::vector<std::vector<float> const*> theirs;
    std::vector<float> usual;
    for (auto const j : neighbours) {
        auto const& distance = distance_of(frames, j, background_neighbours(frames, j, options));
        if (distance.empty()) continue;
        theirs.push_back(&distance);
        usual.push_back(median(distance));
    }
    auto const excess = excess_distance(change.distance, theirs);
    change.score = change_score(excess);
    auto const& map = *frames[index].middle;
    change.box = change_box(excess, map.columns, map.rows);
    auto const whole = median(change.distance);
    change.camera_moved = !usual.empty() && whole > kMovedDistance && whole > kMovedFactor * median(usual);
    return change;
}

bool is_infrared(Image const& image) {
    int const edge = image.height_px * 75 / 1000;
    std::int64_t difference = 0;
    std::int64_t pixels = 0;
    for (int y = edge; y < image.height_px - edge; ++y) {
        auto const* const row = image.row(y);
        for (int x = 0; x < image.width_px; ++x) difference += std::abs(row[3 * x] - row[3 * x + 2]);
        pixels += image.width_px;
    }
    return difference < 4 * pixels;
}

}  // namespace ounce::vision
