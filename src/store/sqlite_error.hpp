#pragma once

#include <filesystem>

#include "base/result.hpp"

struct sqlite3;

namespace ounce::store {

/// The failure that SQLite calls `code`, in its words and with what to do; the kinds are those that Database
/// tells. `handle` is the connection it happened on, to the file `path`.
tl::unexpected<Error> sqlite_failure(sqlite3* handle, std::filesystem::path const& path, int code);

}  // namespace ounce::store
