#pragma once

#include <filesystem>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "trap/camera.hpp"
#include "trap/clock.hpp"
#include "vision/decode.hpp"

namespace ounce::trap {

/// The largest picture file we read.
inline constexpr std::uint64_t kPictureBytesMax = std::uint64_t{256} << 20;

/// The first bytes of a regular file, all of it if it is shorter. Errors: as read_file.
Result<Bytes> read_start(std::filesystem::path const& path, std::size_t bytes_max);

/// What a picture's head tells, without decoding it.
struct PictureHead {
    vision::Format format = vision::Format::Jpeg;
    vision::Exif exif;
    CameraTime time{};
    TimeSource time_source = TimeSource::FileTime;
};

/// Reads as little of the file as will do. `relative_path` may hold the time, `modified_ms` is the last
/// resort. Errors: as vision::read_header; InvalidArgument for an empty file.
Result<PictureHead> read_head(std::filesystem::path const& folder, std::string const& relative_path,
                              std::int64_t modified_ms);

}  // namespace ounce::trap
