#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "store/blob_store.hpp"
#include "store/database.hpp"

namespace ounce::registry {

/// Who needs which blob, so that a file is never lost while something refers to it and never kept long after.
///
/// A blob's file is made by whoever takes bytes in, at any time, on any thread. It counts only once a row of
/// registry.db refers to it, which happens on the ledger's thread, and it is removed on that thread alone: so
/// a reference and a removal never meet. All of this file runs there.

/// A file of the blob store.
struct Blob {
    std::string digest;  // SHA-256, 64 lower-case hexadecimal digits
    std::uint64_t size = 0;
};

/// Call right before inserting a row that refers to the blob.
/// Errors: Unavailable if its file is gone: it had been there already when the bytes came in, as nobody's,
/// and was collected a moment later. The sender must send it again.
Status keep_blob(store::Database& database, store::BlobStore const& blobs, Blob const& blob);

/// A known blob by its digest. Errors: NotFound.
Result<Blob> get_blob(store::Database& database, std::string_view digest);

/// What nothing refers to: ids for collect_garbage(), oldest first, at most `count`.
Result<std::vector<std::int64_t>> list_garbage(store::Database& database, std::size_t count);

/// Removes these blobs and their files unless something refers to them again. `ids` must come from a commit
/// that was told.
Status collect_garbage(store::Database& database, store::BlobStore const& blobs,
                       std::span<std::int64_t const> ids);

/// Removes those of `digests` that the registry does not know: files whose sender stopped, or the hub, before
/// anything referred to them. Returns how many went.
Result<std::size_t> remove_strays(store::Database& database, store::BlobStore const& blobs,
                                  std::span<std::string const> digests);

}  // namespace ounce::registry
