#pragma once

#include <filesystem>

#include "base/bytes.hpp"
#include "base/file.hpp"
#include "base/result.hpp"

namespace ounce::project {

/// The most that a packed package may take.
inline constexpr std::uint64_t kPackageBytesMax = std::uint64_t{2} << 30;

/// A package folder as one .zip, its files at the top: how iterations keep their model (a blob), and what
/// is downloaded. Errors: as read_file.
Result<Bytes> zip_package(std::filesystem::path const& folder);

/// The other way, into a temporary folder: the package is "package" in it.
/// Errors: as vision::read_zip and write_file; DataLoss for a member that is no file of a package.
Result<TemporaryFolder> unzip_package(ByteView zip);

}  // namespace ounce::project
