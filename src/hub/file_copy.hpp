#pragma once

#include <filesystem>
#include <stop_token>
#include <string>

#include "base/result.hpp"

namespace ounce::hub {

/// The SHA-256 of a file in hexadecimal, read in pieces. Errors: Cancelled; as read_file.
Result<std::string> digest_of(std::filesystem::path const& file, std::stop_token const& stop);

/// Copies a file to a new one, for its owner alone, and syncs it. Returns its SHA-256.
/// Errors: AlreadyExists; Cancelled (the new file stays, unfinished); as read_file and write_file.
Result<std::string> copy_file(std::filesystem::path const& from, std::filesystem::path const& to,
                              std::stop_token const& stop);

}  // namespace ounce::hub
