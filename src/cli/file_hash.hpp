#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.hpp"

namespace ounce::cli {

struct HashedFile {
    std::string sha256;  // 64 lower-case hexadecimal digits
    std::uint64_t bytes = 0;
};

/// Reads a regular file of any size piece by piece. Errors: NotFound; InvalidArgument if it is no regular
/// file; PermissionDenied; DataLoss on a read error.
Result<HashedFile> hash_file(std::filesystem::path const& path);

}  // namespace ounce::cli
