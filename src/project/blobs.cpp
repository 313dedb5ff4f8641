#include "project/blobs.hpp"

#include <fmt/format.h>

#include <string>
#include <vector>

namespace ounce::project {
namespace {

constexpr int kAtOnce = 1000;

}  // namespace

Status doom_blobs_of_images(store::Database& database, std::string_view where, std::int64_t number) {
    for (auto const* const column : {"original", "resized", "thumbnail"})
        TRY_STATUS(database.run(
            fmt::format("INSERT OR IGNORE INTO doomed SELECT {} FROM image WHERE {}", column, where),
            number));
    return {};
}

Status doom_blobs_of_iterations(store::Database& database, std::string_view where, std::int64_t number) {
    TRY_STATUS(
        database.run(fmt::format("INSERT OR IGNORE INTO doomed SELECT package FROM iteration WHERE package "
                                 "IS NOT NULL AND {}",
                                 where),
                     number));
    return database.run(
        fmt::format("INSERT OR IGNORE INTO doomed SELECT blob FROM export WHERE iteration IN (SELECT number "
                    "FROM iteration WHERE {})",
                    where),
        number);
}

Status doom_blob(store::Database& database, std::string const& digest) {
    return database.run("INSERT OR IGNORE INTO doomed VALUES(?)", digest);
}

Result<std::size_t> collect_blobs(store::Database& database, store::BlobStore const& blobs) {
    std::vector<std::pair<std::string, bool>> found;
    {
        TRY(auto row, database.query("SELECT digest, EXISTS(SELECT 1 FROM image WHERE original = digest) OR "
                                     "EXISTS(SELECT 1 FROM image WHERE resized = digest) OR "
                                     "EXISTS(SELECT 1 FROM image WHERE thumbnail = digest) OR "
                                     "EXISTS(SELECT 1 FROM iteration WHERE package = digest) OR "
                                     "EXISTS(SELECT 1 FROM export WHERE blob = digest) FROM doomed LIMIT ?",
                                     kAtOnce));
        for (;;) {
            TRY(auto const more, row.step());
            if (!more) break;
            found.emplace_back(row.text(0), row.integer(1) != 0);
        }
    }
    for (auto const& [digest, named] : found) {
        if (!named) TRY_STATUS(blobs.remove(digest));
        TRY_STATUS(database.run("DELETE FROM doomed WHERE digest = ?", digest));
    }
    return found.size();
}

Status collect_all_blobs(store::Ledger& ledger, store::BlobStore const& blobs) {
    for (;;) {
        TRY(auto const looked_at,
            ledger.run([&](store::Database& database) { return collect_blobs(database, blobs); }));
        if (looked_at == 0) return {};
    }
}

}  // namespace ounce::project
