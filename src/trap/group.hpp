#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "trap/clock.hpp"

namespace ounce::trap {

struct GroupOptions {
    /// Pictures of one camera at most this far apart are of one trigger.
    std::chrono::milliseconds burst_gap = std::chrono::seconds(3);
    /// Bursts of one camera at most this far apart are one event. Two minutes is what Agouti and others
    /// take for a sequence; ecologists who need independent visits set 30 to 60 minutes.
    std::chrono::milliseconds event_gap = std::chrono::minutes(2);
    /// However close the pictures follow each other, an event is cut here: time-lapse series would
    /// else be one event a season, which nobody can look through. (At twice event_gap if that is longer.)
    std::chrono::milliseconds event_duration_max = std::chrono::minutes(30);
    std::size_t event_pictures_max = 500;
    /// Likewise for bursts; a camera whose clock stands still writes equal times for ever.
    std::size_t burst_pictures_max = 100;
};

/// Tells where bursts and events begin in one camera's pictures, given in time order. Pure; remembers one
/// picture.
class Grouper {
  public:
    struct Step {
        bool new_burst = false;
        bool new_event = false;  // implies new_burst
    };

    explicit Grouper(GroupOptions const& options) : options_(options) {}
    /// The next picture; times never go back.
    Step add(CameraTime time);

  private:
    GroupOptions options_;
    std::optional<CameraTime> last_;
    CameraTime event_start_{};
    std::size_t event_pictures_ = 0;
    std::size_t burst_pictures_ = 0;
};

/// The name of a burst or event that starts with this picture: the same in every run, whatever the files are
/// called. `kind` 'b' or 'e', then 12 hexadecimal digits.
std::string group_name(char kind, std::string_view camera_key, CameraTime first,
                       std::string_view picture_sha256);

}  // namespace ounce::trap
