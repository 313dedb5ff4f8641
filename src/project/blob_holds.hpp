#pragma once

#include <memory>
#include <span>
#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "store/blob_store.hpp"

namespace ounce::project {

/// A blob that was stored. It stays at least as long as any copy of `hold` lives, whether a row names it
/// or not.
struct HeldBlob {
    std::string digest;
    std::shared_ptr<void const> hold;
};

/// Stores blobs and removes them, so that none goes which a row is about to name: whoever stores one holds it
/// until the commit that names it was told. Needs no clock: how long that takes does not matter. Any thread.
class BlobHolds {
  public:
    explicit BlobHolds(store::BlobStore blobs);

    [[nodiscard]] store::BlobStore const& blobs() const;

    /// Errors: as BlobStore::put.
    [[nodiscard]] Result<HeldBlob> put(ByteView bytes) const;

    /// Someone's intent to remove blobs: made before it is looked up which of them a row names. What is held
    /// then, or put since, is not removed. Must not outlive the holds. One thread.
    class Removal {
      public:
        Removal(BlobHolds const& holds, std::span<std::string const> digests);
        Removal(Removal const&) = delete;
        Removal& operator=(Removal const&) = delete;
        ~Removal();

        /// False if the blob is wanted and stays. `digest`: one of those above. Errors: as BlobStore::remove.
        Result<bool> remove(std::string const& digest);

      private:
        BlobHolds const& holds_;
    };

  private:
    struct State;
    std::shared_ptr<State> state_;  // the holds' too: one may be dropped after this is gone
};

}  // namespace ounce::project
