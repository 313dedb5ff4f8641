#pragma once

#include <filesystem>
#include <stop_token>

#include "base/progress.hpp"
#include "base/result.hpp"

namespace ounce::store {

/// Copies the database at `from`, as it is at one moment, to the new file `to`, while other processes read
/// and write it (Database::Access::Shared). The copy is synced and of the mode that the umask leaves. Any
/// thread. Errors: NotFound; AlreadyExists; Cancelled, with nothing left at `to`; as Database.
Status copy_database(std::filesystem::path const& from, std::filesystem::path const& to,
                     std::stop_token const& stop, ProgressSink const& progress);

/// Looks through all pages and indices of a database that nobody has open. Returns the number of its schema.
/// Errors: NotFound; DataLoss, with what is wrong; as Database.
Result<int> check_database(std::filesystem::path const& path);

}  // namespace ounce::store
