#pragma once

#include <filesystem>

#include "base/result.hpp"

namespace ounce::iot {

/// Makes an empty file that only its owner may read where a database is to be, if there is none: SQLite gives
/// its own files the rights of the database. Errors: as create_private_file.
Status make_private_database(std::filesystem::path const& path);

}  // namespace ounce::iot
