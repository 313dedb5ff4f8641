#include "registry/sweep.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "base/file.hpp"
#include "registry/artifacts.hpp"
#include "registry/images.hpp"
#include "registry/uploads.hpp"

namespace ounce::registry {
namespace {

constexpr std::size_t kBatch = 100;  // files looked up while everyone else waits

/// The regular files in `folder` itself. One that goes meanwhile is passed over.
Result<std::vector<FoundFile>> list_files(std::filesystem::path const& folder) {
    std::vector<FoundFile> files;
    std::error_code error;
    for (auto const& entry : std::filesystem::directory_iterator(folder, error)) {
        struct stat status{};
        if (::lstat(entry.path().c_str(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
        auto const since = std::chrono::seconds(status.st_mtim.tv_sec) +
                           std::chrono::duration_cast<std::chrono::microseconds>(
                               std::chrono::nanoseconds(status.st_mtim.tv_nsec));
        files.push_back({.name = entry.path().filename(), .modified = Time(since)});
    }
    if (error) return system_failure(folder, "list", error.value());
    return files;
}

Status go_on(std::stop_token const& stop) {
    if (stop.stop_requested()) return fail(Code::Cancelled, "told to stop");
    return {};
}

/// Calls `act` with at most kBatch of `names` at a time.
template <class F>
Result<std::size_t> in_batches(std::vector<std::string> const& names, std::stop_token const& stop, F act) {
    std::size_t total = 0;
    for (std::size_t at = 0; at < names.size(); at += kBatch) {
        TRY_STATUS(go_on(stop));
        auto const batch = std::span(names).subspan(at, std::min(kBatch, names.size() - at));
        TRY(auto const count, act(batch));
        total += count;
    }
    return total;
}

Result<std::size_t> sweep_blobs(Storage const& storage, Time before, std::stop_token const& stop) {
    std::size_t total = 0;
    std::error_code error;
    for (auto const& entry : std::filesystem::directory_iterator(storage.blobs().folder(), error)) {
        if (entry.path().filename().native().size() != 2) continue;  // "ab": a folder of blobs
        TRY(auto const files, list_files(entry.path()));
        TRY(auto const count,
            in_batches(old_ones(files, before), stop, [&](std::span<std::string const> names) {
                return storage.ledger().run([&](store::Database& database) {
                    return remove_strays(database, storage.blobs(), names);
                });
            }));
        total += count;
    }
    if (error) return system_failure(storage.blobs().folder(), "list", error.value());
    return total;
}

Result<std::size_t> sweep_uploads(Storage const& storage, Time before, std::stop_token const& stop) {
    TRY(auto const files, list_files(storage.uploads()));
    return in_batches(old_ones(files, before), stop, [&](std::span<std::string const> names) {
        return storage.ledger().run([&](store::Database& database) -> Result<std::size_t> {
            std::size_t removed = 0;
            for (auto const& name : names) {
                TRY(auto const known, database.count("SELECT (SELECT count(*) FROM block WHERE file = ?1)"
                                                     " + (SELECT count(*) FROM upload WHERE id = ?1)",
                                                     name));
                if (known) continue;
                std::error_code ignored;  // the next sweep meets it again
                std::filesystem::remove(storage.uploads() / name, ignored);
                ++removed;
            }
            return removed;
        });
    });
}

}  // namespace

std::vector<std::string> old_ones(std::vector<FoundFile> const& files, Time before) {
    std::vector<std::string> names;
    for (auto const& file : files)
        if (file.modified < before) names.push_back(file.name);
    return names;
}

Result<SweepReport> sweep(Storage const& storage, Time before, std::stop_token const& stop) {
    SweepReport report;
    TRY_STATUS(go_on(stop));
    TRY(report.artifacts, Artifacts(storage).sweep(before));
    TRY(report.uploads, Uploads(storage).sweep(before));
    TRY_STATUS(go_on(stop));
    TRY(report.layers, Images(storage).sweep(before));
    TRY_STATUS(storage.collect_garbage());
    TRY(auto const blobs, sweep_blobs(storage, before, stop));
    TRY(auto const uploads, sweep_uploads(storage, before, stop));
    report.strays = blobs + uploads;
    return report;
}

}  // namespace ounce::registry
