#include "project/blobs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <span>
#include <system_error>
#include <vector>

#include "base/file.hpp"

namespace ounce::project {
namespace {

namespace fs = std::filesystem;
using Digests = std::vector<std::string>;

constexpr std::size_t kAtOnce = 100;  // looked up while everyone else waits

Result<Digests> list_doomed(store::Database& database) {
    TRY(auto row, database.query("SELECT digest FROM doomed LIMIT ?", kAtOnce));
    Digests digests;
    for (;;) {
        TRY(auto const more, row.step());
        if (!more) return digests;
        digests.push_back(row.text(0));
    }
}

/// Those that no row names. None of `digests` is doomed any more: if a row that names one goes, it will be
/// again.
Result<Digests> take_unnamed(store::Database& database, std::span<std::string const> digests) {
    Digests unnamed;
    for (auto const& digest : digests) {
        TRY(auto const named, database.count("SELECT EXISTS(SELECT 1 FROM image WHERE original = ?1) OR "
                                             "EXISTS(SELECT 1 FROM image WHERE resized = ?1) OR "
                                             "EXISTS(SELECT 1 FROM image WHERE thumbnail = ?1) OR "
                                             "EXISTS(SELECT 1 FROM iteration WHERE package = ?1) OR "
                                             "EXISTS(SELECT 1 FROM export WHERE blob = ?1)",
                                             digest));
        if (named == 0) unnamed.push_back(digest);
        TRY_STATUS(database.run("DELETE FROM doomed WHERE digest = ?", digest));
    }
    return unnamed;
}

Result<std::size_t> remove_unnamed(store::Ledger& ledger, BlobHolds const& holds,
                                   std::span<std::string const> digests) {
    BlobHolds::Removal removal(holds, digests);
    TRY(auto const unnamed,
        ledger.run([&](store::Database& database) { return take_unnamed(database, digests); }));
    std::size_t removed = 0;
    for (auto const& digest : unnamed) {
        TRY(auto const went, removal.remove(digest));
        removed += went ? 1 : 0;
    }
    return removed;
}

/// The names in `folder` that are `length` hexadecimal digits: those of folders, or of blobs.
Result<std::vector<std::string>> list_hex(fs::path const& folder, std::size_t length) {
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
        if (auto name = entry->path().filename().string(); is_hex(name, length))
            names.push_back(std::move(name));
    if (error) return system_failure(folder, "list", error.value());
    return names;
}

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

Status collect_blobs(store::Ledger& ledger, BlobHolds const& holds) {
    for (;;) {
        TRY(auto const doomed, ledger.run(list_doomed));
        if (doomed.empty()) return {};
        TRY_STATUS(remove_unnamed(ledger, holds, doomed).map([](std::size_t) {}));
    }
}

Result<std::size_t> sweep_blobs(store::Ledger& ledger, BlobHolds const& holds, std::stop_token const& stop) {
    TRY_STATUS(collect_blobs(ledger, holds));
    auto const& root = holds.blobs().folder();
    std::size_t removed = 0;
    TRY(auto const folders, list_hex(root, 2));
    for (auto const& folder : folders) {
        TRY(auto const digests, list_hex(root / folder, 64));
        for (std::size_t at = 0; at < digests.size(); at += kAtOnce) {
            if (stop.stop_requested()) return fail(Code::Cancelled, "told to stop");
            auto const batch = std::span(digests).subspan(at, std::min(kAtOnce, digests.size() - at));
            TRY(auto const count, remove_unnamed(ledger, holds, batch));
            removed += count;
        }
    }
    return removed;
}

}  // namespace ounce::project
