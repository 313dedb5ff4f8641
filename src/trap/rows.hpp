#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "trap/clock.hpp"
#include "trap/journal.hpp"
#include "vision/image.hpp"

namespace ounce::trap {

/// A scored picture with all that the outputs need, read from the journal one at a time.
struct PictureRow {
    std::int64_t id = 0;
    std::string path;
    std::int64_t camera = 0;
    std::string camera_name;
    CameraTime time{};
    TimeSource time_source = TimeSource::Exif;
    std::optional<std::chrono::minutes> zone;  // as the camera wrote it
    std::string format;
    std::string sha256;
    std::int64_t copy = 0;  // so many pictures with the same bytes come before it
    std::string damage;
    int width_px = 0;
    int height_px = 0;
    std::vector<float> probabilities;
    double gate = 0;
    std::optional<vision::Box> box;
    std::string flags;
    std::string burst;
    std::int64_t event = 0;
    std::string event_name;
    CameraTime event_first{};
    CameraTime event_last{};
    int event_tag = -1;
    double event_probability = 0;
};

struct EventRow {
    std::int64_t id = 0;
    std::string name;
    std::int64_t camera = 0;
    std::string camera_name;
    CameraTime first{};
    CameraTime last{};
    int pictures = 0;
    int bursts = 0;
    double gate = 0;
    int tag = -1;
    double probability = 0;
    double score = 0;
    std::int64_t rank = 0;
    bool look = true;
    std::optional<std::int64_t> audit;
    std::string best_path;
    std::optional<std::chrono::minutes> zone;  // of the best picture
};

/// Every scored picture by camera, time and path.
Status for_each_picture(Journal& journal, std::function<Status(PictureRow const&)> const& take);
/// Those of one event, in time order.
Result<std::vector<PictureRow>> pictures_of_event(Journal& journal, std::int64_t event,
                                                  std::size_t count_max);
/// Every event, best first.
Status for_each_event(Journal& journal, std::function<Status(EventRow const&)> const& take);
/// The best of those to be looked at.
Result<std::vector<EventRow>> best_events(Journal& journal, std::size_t count_max);
/// The events of the audit sample, in its order.
Status for_each_audit_event(Journal& journal, std::function<Status(EventRow const&)> const& take);
/// Every file that could not be used: path, code, message; by path.
Status for_each_unreadable(
    Journal& journal,
    std::function<Status(std::string const&, std::string const&, std::string const&)> const& take);

}  // namespace ounce::trap
