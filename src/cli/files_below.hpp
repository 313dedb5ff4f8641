#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include "base/result.hpp"

namespace ounce::cli {

/// The regular files in `folder` and its folders that `wanted` takes, by name. Hidden names and links to
/// folders are left out. Errors: PermissionDenied if a folder cannot be walked.
Result<std::vector<std::filesystem::path>> files_below(
    std::filesystem::path const& folder, std::function<bool(std::filesystem::path const&)> const& wanted);

}  // namespace ounce::cli
