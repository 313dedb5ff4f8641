#include "registry/storage.hpp"

#include <system_error>

#include "base/descriptor.hpp"
#include "base/file.hpp"
#include "crypto/secret.hpp"
#include "ounce_registry_text.hpp"

namespace ounce::registry {
namespace {

constexpr std::size_t kGarbageBatch = 100;  // everyone else waits while so many files are removed

/// Uploads whose bytes are not all there any more: a crash came while one became a blob, or the hub was
/// restored from a backup, which has no uploads. Told so, their senders start new ones.
Status forget_lost_uploads(store::Database& database, std::filesystem::path const& folder) {
    std::vector<std::string> lost;
    {
        TRY(auto rows, database.query("SELECT id, offset FROM upload WHERE offset > 0"));
        for (;;) {
            TRY(auto const row, rows.step());
            if (!row) break;
            std::error_code missing;
            auto const size = std::filesystem::file_size(folder / rows.text(0), missing);
            if (missing || size < static_cast<std::uint64_t>(rows.integer(1))) lost.push_back(rows.text(0));
        }
    }
    for (auto const& id : lost) TRY_STATUS(database.run("DELETE FROM upload WHERE id = ?", id));
    return {};
}

constexpr store::Migration kMigrations[] = {{1, text::registry_sql}, {2, text::registry_2_sql}};

}  // namespace

Result<Storage> Storage::open(std::filesystem::path const& folder, Clock const& clock) {
    TRY(auto blobs, store::BlobStore::open(folder / "blobs" / "registry"));
    Storage storage(std::move(blobs), folder / "uploads", clock);
    TRY_STATUS(make_folder(storage.uploads_));
    TRY(storage.ledger_, store::Ledger::open(folder / "registry.db", kMigrations));
    TRY_STATUS(storage.ledger_->run([&](store::Database& database) -> Status {
        // Whoever was writing died with the former process.
        TRY_STATUS(database.run("UPDATE upload SET busy = 0 WHERE busy <> 0"));
        return forget_lost_uploads(database, storage.uploads_);
    }));
    return storage;
}

Result<Blob> Storage::take(std::filesystem::path const& file) const {
    std::error_code error;
    auto const size = std::filesystem::file_size(file, error);
    if (error) return system_failure(file, "measure", error.value());
    // First into the folder that is cleared at the next start: a crash from here on leaves nothing behind.
    TRY(auto const id, make_id());
    auto const mine = blobs_.tmp_folder() / id;
    std::filesystem::rename(file, mine, error);
    if (error) return system_failure(file, "move", error.value());
    auto digest = blobs_.adopt(mine);
    if (!digest) {
        std::filesystem::remove(mine, error);
        return fail(std::move(digest).error());
    }
    return Blob{.digest = std::move(*digest), .size = size};
}

Status Storage::collect_garbage() const {
    for (;;) {
        // Two steps: what the first one tells is committed, so the second cannot remove what a failing commit
        // would bring back.
        TRY(auto const ids,
            ledger_->run([](store::Database& database) { return list_garbage(database, kGarbageBatch); }));
        if (ids.empty()) return {};
        TRY_STATUS(ledger_->run([&](store::Database& database) -> Status {
            return registry::collect_garbage(database, blobs_, ids);
        }));
    }
}

Result<std::string> Storage::make_id() {
    TRY(auto const bytes, crypto::random_bytes(16));
    return to_hex(bytes);
}

}  // namespace ounce::registry
