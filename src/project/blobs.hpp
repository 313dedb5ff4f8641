#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>

#include "project/blob_holds.hpp"
#include "store/database.hpp"
#include "store/ledger.hpp"

namespace ounce::project {

/// How blobs go: whoever removes the last row that may name one writes its digest into `doomed` in the same
/// transaction, and after that commit collect_blobs() removes those that no row names. A file goes only when
/// a commit was told in which no row names it: a deletion that comes to nothing must take no file with it.
/// What somebody holds stays (blob_holds.hpp). What was left where the hub was killed in between, or before a
/// row came to name what was stored, sweep_blobs() finds.

/// `where`: a fixed condition on image rows with one parameter, the number.
Status doom_blobs_of_images(store::Database& database, std::string_view where, std::int64_t number);
/// The same on iterations: packages and exports.
Status doom_blobs_of_iterations(store::Database& database, std::string_view where, std::int64_t number);

/// One that was stored and that no row came to name.
Status doom_blob(store::Database& database, std::string const& digest);

/// Removes the doomed blobs that no row names. Any thread but the ledger's.
Status collect_blobs(store::Ledger& ledger, BlobHolds const& holds);

/// Collects, then looks at every blob that there is and removes those that no row names, a hundred in one
/// piece of the ledger's work. Returns how many of these there were. Any thread but the ledger's. Errors:
/// Cancelled if told to stop.
Result<std::size_t> sweep_blobs(store::Ledger& ledger, BlobHolds const& holds, std::stop_token const& stop);

}  // namespace ounce::project
