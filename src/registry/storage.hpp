#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "registry/blobs.hpp"
#include "store/blob_store.hpp"
#include "store/ledger.hpp"

namespace ounce::registry {

/// No file of a model and no layer of an image is larger.
inline constexpr std::uint64_t kFileBytesMax = std::uint64_t{32} << 30;

/// Where everything of the registry lies: registry.db and its thread, the blobs, and files on their way in.
/// Shared by Models, Artifacts and Images, which are the verbs on it. Any thread.
class Storage {
  public:
    /// Opens or makes `folder`/registry.db, `folder`/blobs/registry and `folder`/uploads, which are all on
    /// one file system. The blobs are the registry's alone: it removes what it does not know. Uploads that
    /// were being written when a former process died go on from their last synced byte; those whose bytes are
    /// not there are forgotten. `clock` must outlive it. Errors: as Ledger::open and BlobStore::open.
    static Result<Storage> open(std::filesystem::path const& folder, Clock const& clock);

    /// Makes the file at `file` a blob, wherever on this file system it lies; it is gone afterwards in any
    /// case. Nothing refers to the blob yet. Errors: as BlobStore::adopt.
    [[nodiscard]] Result<Blob> take(std::filesystem::path const& file) const;

    /// Removes what nothing refers to any more, in commits of their own. Errors: as Ledger::run.
    Status collect_garbage() const;

    [[nodiscard]] store::Ledger& ledger() const { return *ledger_; }
    [[nodiscard]] store::BlobStore const& blobs() const { return blobs_; }
    [[nodiscard]] std::filesystem::path const& uploads() const { return uploads_; }
    [[nodiscard]] Time now() const { return clock_->now(); }

    /// A name that nobody can guess or meets twice: 32 hexadecimal digits.
    /// Errors: as crypto::random_bytes.
    static Result<std::string> make_id();

  private:
    Storage(store::BlobStore blobs, std::filesystem::path uploads, Clock const& clock)
        : blobs_(std::move(blobs)), uploads_(std::move(uploads)), clock_(&clock) {}

    std::unique_ptr<store::Ledger> ledger_;
    store::BlobStore blobs_;
    std::filesystem::path uploads_;
    Clock const* clock_;
};

}  // namespace ounce::registry
