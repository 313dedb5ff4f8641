#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>

#include "base/clock.hpp"
#include "base/progress.hpp"
#include "base/result.hpp"
#include "hub/data_folder.hpp"

namespace ounce::hub {

/// A backup is a folder with the layout of a data folder (databases as single files, blobs, keys, hub.toml)
/// and a backup.json, which says when it was made, the SHA-256 of each file and how many blobs there are.
/// Blobs are named by what they hold. It holds the hub's keys: a secret.
inline constexpr char kBackupFacts[] = "backup.json";

struct BackupSummary {
    std::size_t databases = 0;
    std::size_t blobs = 0;
    std::uint64_t bytes = 0;
};

/// Makes the new folder `out` from the hub in `data`, which may be serving meanwhile. Each database is as it
/// was at one moment; blobs that it names are in it. Blobs are linked where the file system allows (they
/// never change), else copied; all are read once to see that they are whole. The folder gets its name when it
/// is complete. Errors: AlreadyExists; FailedPrecondition if there is no hub in `data`; DataLoss if something
/// in it is damaged; Cancelled; as write_file.
Result<BackupSummary> back_up(DataFolder const& data, std::filesystem::path const& out, Time now,
                              std::stop_token const& stop, ProgressSink const& progress);

/// Makes the data folder `data` from a backup; it must not exist, or be empty. Everything is compared with
/// what the backup says of itself, and `open` must accept the result (it opens the hub's databases, which
/// refuses those of a newer program), before the folder gets its name. Errors: AlreadyExists; NotFound;
/// DataLoss if the backup is damaged or not complete; Cancelled; those of `open`.
Result<BackupSummary> restore(std::filesystem::path const& from, DataFolder const& data,
                              std::function<Status(DataFolder const&)> const& open,
                              std::stop_token const& stop, ProgressSink const& progress);

}  // namespace ounce::hub
