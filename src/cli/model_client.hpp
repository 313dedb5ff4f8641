#pragma once

#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/progress.hpp"
#include "cli/hub_client.hpp"

namespace ounce::cli {

/// Files of a model between a folder here and the hub's registry. What is on the other side already, told by
/// its SHA-256, is not sent again: what was cut off goes on by being run again.

struct LocalFile {
    std::filesystem::path path;
    std::string name;  // in the model: below the folder that was given, with '/'
    std::string sha256;
    std::uint64_t bytes = 0;
};

/// The file at `path`, or all files below it by name; hidden ones and links to folders are left out.
/// Errors: NotFound for a folder without files; as hash_file.
Result<std::vector<LocalFile>> model_files(std::filesystem::path const& path);

/// Sends what the hub lacks; calls `progress` with bytes. Errors: as HubClient.
Status send_files(HubClient& hub, std::vector<LocalFile> const& files, ProgressSink const& progress);

/// Fetches the files that `model` lists into `folder`, each checked by its SHA-256 before it gets its name.
/// Errors: InvalidArgument for a file name that would leave the folder; DataLoss for a file that arrived
/// damaged; as HubClient.
Status fetch_files(HubClient& hub, Json const& model, std::filesystem::path const& folder,
                   ProgressSink const& progress);

/// "/ounce/v1/models/NAME/versions/VERSION".
std::string model_path(std::string const& name, std::string const& version);

/// Whether a name out of the hub stays below the folder it is put in: parts between '/', none of them "", "."
/// or "..", none absolute, no backslash, NUL or control characters.
bool is_inner_path(std::string_view name);

}  // namespace ounce::cli
