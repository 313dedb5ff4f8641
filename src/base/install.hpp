#pragma once

#include <filesystem>

#include "base/result.hpp"

namespace ounce {

/// Finds a file of this installation by its name under share/, for example
/// "backbones/efficientnet-lite0.onnx". Looked for in $OUNCE_SHARE, then ../share/ounce beside the
/// running program, then /usr/local/share/ounce and /usr/share/ounce.
/// Errors: NotFound, naming the places looked at.
Result<std::filesystem::path> find_shared_file(std::filesystem::path const& name);

/// Where caches may go: $OUNCE_CACHE, else $XDG_CACHE_HOME/ounce, else ~/.cache/ounce, else a folder
/// under the system's place for temporary files.
std::filesystem::path cache_folder();

}  // namespace ounce
