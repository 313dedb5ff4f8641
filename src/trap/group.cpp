#include "trap/group.hpp"

#include <algorithm>

#include "crypto/sha256.hpp"

namespace ounce::trap {

Grouper::Step Grouper::add(CameraTime time) {
    Step step;
    auto const gap = last_ ? time - *last_ : std::chrono::milliseconds::max();
    step.new_event = !last_ || gap > options_.event_gap ||
                     time - event_start_ > std::max(options_.event_duration_max, 2 * options_.event_gap) ||
                     event_pictures_ >= options_.event_pictures_max;
    step.new_burst =
        step.new_event || gap > options_.burst_gap || burst_pictures_ >= options_.burst_pictures_max;
    if (step.new_event) {
        event_start_ = time;
        event_pictures_ = 0;
    }
    if (step.new_burst) burst_pictures_ = 0;
    ++event_pictures_;
    ++burst_pictures_;
    last_ = time;
    return step;
}

std::string group_name(char kind, std::string_view camera_key, CameraTime first,
                       std::string_view picture_sha256) {
    auto const text = fmt::format("{}\x1f{}\x1f{}\x1f{}", kind, camera_key, to_ms(first), picture_sha256);
    return kind + crypto::sha256_hex(as_bytes(text)).substr(0, 12);
}

}  // namespace ounce::trap
