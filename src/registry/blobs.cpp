#include "registry/blobs.hpp"

namespace ounce::registry {

using store::Database;

Status keep_blob(Database& database, store::BlobStore const& blobs, Blob const& blob) {
    if (!blobs.find(blob.digest))
        return fail(Code::Unavailable, "a file was cleared away while it came in; send it again");
    return database.run("INSERT INTO blob(digest, size) VALUES(?, ?) ON CONFLICT DO NOTHING", blob.digest,
                        blob.size);
}

Result<Blob> get_blob(Database& database, std::string_view digest) {
    TRY(auto row, database.query("SELECT size FROM blob WHERE digest = ?", digest));
    TRY(auto const found, row.step());
    if (!found) return fail(Code::NotFound, "no blob of digest {} is here", digest);
    return Blob{.digest = std::string(digest), .size = static_cast<std::uint64_t>(row.integer(0))};
}

Result<std::vector<std::int64_t>> list_garbage(Database& database, std::size_t count) {
    TRY(auto rows, database.query("SELECT id FROM garbage ORDER BY id LIMIT ?", count));
    std::vector<std::int64_t> ids;
    for (;;) {
        TRY(auto const row, rows.step());
        if (!row) return ids;
        ids.push_back(rows.integer(0));
    }
}

Status collect_garbage(Database& database, store::BlobStore const& blobs, std::span<std::int64_t const> ids) {
    for (auto const id : ids) {
        std::string digest;
        {
            TRY(auto row, database.query("SELECT digest FROM garbage WHERE id = ?", id));
            TRY(auto const there, row.step());
            if (!there) continue;  // in use again
            digest = row.text(0);
        }
        TRY_STATUS(database.run("DELETE FROM garbage WHERE id = ?", id));
        TRY_STATUS(database.run("DELETE FROM blob WHERE digest = ?", digest));
        // If this group's commit fails the rows come back without the file; the next collection ends it.
        TRY_STATUS(blobs.remove(digest));
    }
    return {};
}

Result<std::size_t> remove_strays(Database& database, store::BlobStore const& blobs,
                                  std::span<std::string const> digests) {
    std::size_t removed = 0;
    for (auto const& digest : digests) {
        TRY(auto const known, database.count("SELECT count(*) FROM blob WHERE digest = ?", digest));
        if (known) continue;
        TRY_STATUS(blobs.remove(digest));
        ++removed;
    }
    return removed;
}

}  // namespace ounce::registry
