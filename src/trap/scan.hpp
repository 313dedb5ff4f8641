#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace ounce::trap {

/// A file that may be a picture, by its name's ending. Whether it is one its content tells later.
struct FoundFile {
    std::string path;  // below the folder, '/' between the parts, the bytes as the system gave them
    std::uint64_t size_bytes = 0;
    std::int64_t modified_ms = 0;  // since 1970, UTC
};

/// What a walk passed by.
struct ScanCounts {
    std::uint64_t found = 0;
    std::uint64_t hidden = 0;  // files and folders whose name starts with '.', trash and system folders
    std::uint64_t videos = 0;  // by ending: nobody should think they were looked at
    std::uint64_t others = 0;  // no picture by ending
    std::uint64_t links = 0;   // symbolic links and special files, never followed or opened
};

/// "jpg", "JPEG", "png", ...: what decode() may read.
bool may_be_picture(std::string_view file_name);

using FoundSink = std::function<Status(FoundFile const&)>;
/// A folder that could not be read, and why.
using UnreadableFolderSink = std::function<Status(std::string const& path, Error const& error)>;

/// Walks `folder` and all below it, handing on each candidate as it is met (in no order). Follows no links,
/// so loops do not matter. `skip` (a folder, may be empty) is left out: our own output may lie inside. Memory
/// grows with the folders waiting, never with the files. Errors: NotFound or PermissionDenied if `folder`
/// itself cannot be read; Cancelled; what the sinks return.
Result<ScanCounts> scan(std::filesystem::path const& folder, std::filesystem::path const& skip,
                        FoundSink const& found, UnreadableFolderSink const& unreadable,
                        std::stop_token const& stop);

}  // namespace ounce::trap
