#include "cli/model_client.hpp"

#include <algorithm>
#include <utility>

#include "base/file.hpp"
#include "cli/file_hash.hpp"
#include "cli/files_below.hpp"
#include "cli/hub_command.hpp"
#include "cli/output.hpp"

namespace ounce::cli {
namespace {

namespace fs = std::filesystem;

/// Progress over several files as one count of bytes.
class BytesProgress {
  public:
    BytesProgress(ProgressSink const& sink, std::string step, std::uint64_t total)
        : sink_(&sink), step_(std::move(step)), total_(total) {}
    void moved(std::uint64_t of_this_file) {
        (*sink_)({step_, before_ + of_this_file, total_, ProgressReport::Unit::Bytes});
    }
    void file_done(std::uint64_t bytes) {
        before_ += bytes;
        moved(0);
    }

  private:
    ProgressSink const* sink_;
    std::string step_;
    std::uint64_t total_;
    std::uint64_t before_ = 0;
};

Result<bool> hub_has(HubClient& hub, LocalFile const& file) {
    HubClient::Request request;
    request.method = "HEAD";
    request.url = path_of({"ounce", "v1", "blobs", file.sha256});
    auto const answer = hub.send_again(request);
    if (answer) return true;
    if (answer.error().code == Code::NotFound) return false;
    return fail(answer.error());
}

Status fetch_file(HubClient& hub, std::string const& url, fs::path const& path, Json const& entry,
                  BytesProgress& progress) {
    auto const wanted = text_member(entry, "sha256");
    if (auto const there = hash_file(path); there && there->sha256 == wanted) return {};
    TRY_STATUS(make_folder(path.parent_path()));
    auto part = path;
    part += ".part";
    std::error_code error;
    auto const size = entry.value("size", std::uint64_t{0});
    auto const have = fs::file_size(part, error);
    if (!error && have > size) fs::remove(part, error);
    if (error || have != size || size == 0) {
        HubClient::Request request;
        request.url = url;
        request.save_to = part;
        request.resume = true;  // a version never changes
        request.progress = [&](std::uint64_t done, std::uint64_t) { progress.moved(done); };
        TRY_STATUS(hub.send(request));
    }
    TRY(auto const got, hash_file(part));
    if (got.sha256 != wanted) {
        fs::remove(part, error);
        return fail(Code::DataLoss, "{}: arrived damaged (SHA-256 {}, not {}); try again", path.string(),
                    got.sha256, printable(wanted));
    }
    fs::rename(part, path, error);
    if (error) return fail(Code::PermissionDenied, "{}: {}", path.string(), error.message());
    return {};
}

}  // namespace

Result<std::vector<LocalFile>> model_files(fs::path const& path) {
    std::vector<fs::path> paths{path};
    std::error_code error;
    bool const folder = fs::is_directory(path, error);
    if (folder) {
        TRY(paths, files_below(path, [](fs::path const&) { return true; }));
        if (paths.empty()) return fail(Code::NotFound, "{}: no files there", path.string());
    }
    std::vector<LocalFile> files;
    for (auto const& each : paths) {
        TRY(auto hashed, hash_file(each));
        auto const name = folder ? each.lexically_relative(path) : each.filename();
        files.push_back({each, name.generic_string(), std::move(hashed.sha256), hashed.bytes});
    }
    return files;
}

Status send_files(HubClient& hub, std::vector<LocalFile> const& files, ProgressSink const& sink) {
    std::uint64_t total = 0;
    for (auto const& file : files) total += file.bytes;
    BytesProgress progress(sink, "sending", total);
    for (auto const& file : files) {
        TRY(auto const there, hub_has(hub, file));
        if (!there) {
            HubClient::Request request;
            request.method = "POST";
            request.url = "/ounce/v1/uploads" + query_of({{"sha256", file.sha256}});
            request.headers.set("Content-Type", "application/octet-stream");
            request.body_file = file.path;
            request.progress = [&](std::uint64_t done, std::uint64_t) { progress.moved(done); };
            TRY_STATUS(hub.send_again(request));  // the hub compares what came with the SHA-256
        }
        progress.file_done(file.bytes);
    }
    return {};
}

Status fetch_files(HubClient& hub, Json const& model, fs::path const& folder, ProgressSink const& sink) {
    auto const files = model.is_object() ? model.value("files", Json::array()) : Json();
    if (!files.is_array()) return fail(Code::DataLoss, "the hub's answer lists no files");
    std::uint64_t total = 0;
    for (auto const& file : files) {
        if (!is_inner_path(text_member(file, "path")))
            return fail(Code::InvalidArgument, "the model holds a file called '{}': not written",
                        printable(text_member(file, "path")));
        total += file.value("size", std::uint64_t{0});
    }
    BytesProgress progress(sink, "fetching", total);
    auto const base = model_path(text_member(model, "name"), text_member(model, "version"));
    for (auto const& file : files) {
        auto const name = text_member(file, "path");
        std::string url = base + "/files";
        for (auto const& part : fs::path(name)) url += path_of({part.string()});
        TRY_STATUS(fetch_file(hub, url, folder / name, file, progress));
        progress.file_done(file.value("size", std::uint64_t{0}));
    }
    return {};
}

std::string model_path(std::string const& name, std::string const& version) {
    return path_of({"ounce", "v1", "models", name, "versions", version});
}

bool is_inner_path(std::string_view name) {
    if (name.empty() || name.find_first_of(std::string_view("\\\0", 2)) != std::string_view::npos ||
        printable(name) != name)
        return false;
    for (std::size_t from = 0;;) {
        auto const slash = name.find('/', from);
        auto const part = name.substr(from, slash - from);
        if (part.empty() || part == "." || part == "..") return false;
        if (slash == std::string_view::npos) return true;
        from = slash + 1;
    }
}

}  // namespace ounce::cli
