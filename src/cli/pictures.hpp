#pragma once

#include <filesystem>
#include <vector>

#include "base/result.hpp"

namespace ounce::cli {

/// The picture files that a person's list of files and folders means, in the list's order. Folders are
/// walked with all their folders, by name; hidden names and links to folders are left out, and so are files
/// that are not called .jpg, .jpeg, .png, .bmp, .gif or .webp. A file in the list itself is taken whatever
/// its name, and even if it is missing: whoever reads it reports that.
/// Errors: NotFound for a folder in the list that holds no picture; PermissionDenied.
Result<std::vector<std::filesystem::path>> find_pictures(std::vector<std::filesystem::path> const& list);

}  // namespace ounce::cli
