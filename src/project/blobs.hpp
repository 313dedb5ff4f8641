#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "store/blob_store.hpp"
#include "store/database.hpp"
#include "store/ledger.hpp"

namespace ounce::project {

/// How blobs go: whoever removes the last row that may name one writes its digest into `doomed` in the same
/// transaction; after that commit collect_blobs() removes those that nobody names. Both, and the check of
/// blobs that new rows name, happen on the ledger's thread, so that no blob goes while a row comes to name
/// it; a crash in between leaves the digest in `doomed` for the next start.

/// `where`: a fixed condition on image rows with one parameter, the number.
Status doom_blobs_of_images(store::Database& database, std::string_view where, std::int64_t number);
/// The same on iterations: packages and exports.
Status doom_blobs_of_iterations(store::Database& database, std::string_view where, std::int64_t number);

/// One that was stored and that no row came to name.
Status doom_blob(store::Database& database, std::string const& digest);

/// Removes the doomed blobs that no row names; at most a thousand, and says how many it looked at.
Result<std::size_t> collect_blobs(store::Database& database, store::BlobStore const& blobs);

/// Collects on the ledger until there are none. Any thread but the ledger's.
Status collect_all_blobs(store::Ledger& ledger, store::BlobStore const& blobs);

}  // namespace ounce::project
