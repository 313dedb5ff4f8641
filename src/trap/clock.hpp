#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "vision/exif.hpp"

namespace ounce::trap {

using vision::CameraTime;

/// Where a picture's time came from, best first.
enum class TimeSource {
    Exif,      // the camera wrote it
    FileName,  // IMG_20240131_235959.jpg
    FileTime,  // when the file was last changed: doubtful, copying often changes it
};
/// "exif", "file-name", "file-time": as written in sightings.csv.
std::string_view to_string(TimeSource source);

/// The time in a file's name: year, month, day, hour, minute, second as 4-2-2 2-2-2 digits with at most one
/// separator each (- _ . : space or T), not beside further digits, years 1990 to 2099. Nothing if there is
/// none.
std::optional<CameraTime> find_time_in_name(std::string_view name);

/// "2024-01-31T23:59:59", with ".250" if there are milliseconds and `fraction`.
std::string format_time(CameraTime time, bool fraction = true);

/// "+06:00" as written behind a time; "Z" for nothing.
std::string format_zone(std::optional<std::chrono::minutes> offset);
/// Reads "+06:00", "-0330", "+6", "Z" or "UTC". Errors: InvalidArgument.
Result<std::chrono::minutes> parse_zone(std::string_view text);

inline std::int64_t to_ms(CameraTime time) {
    return time.time_since_epoch().count();
}
inline CameraTime from_ms(std::int64_t ms) {
    return CameraTime(std::chrono::milliseconds(ms));
}

}  // namespace ounce::trap
