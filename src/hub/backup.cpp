#include "hub/backup.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <system_error>
#include <utility>
#include <vector>

#include "base/file.hpp"
#include "base/json.hpp"
#include "hub/file_copy.hpp"
#include "store/database_copy.hpp"

namespace ounce::hub {
namespace {

namespace fs = std::filesystem;

constexpr int kFormat = 1;
constexpr std::uint64_t kFactsBytesMax = 1 << 20;
constexpr std::size_t kFilesMax = 1'000;
constexpr std::array kBlobFolders{"blobs", "blobs/registry"};  // each domain removes only its own

tl::unexpected<Error> stopped() {
    return fail(Code::Cancelled, "stopped; nothing was made");
}

/// Files and folders right in `folder`, sorted; nothing if it is not there.
Result<std::vector<fs::path>> entries_of(fs::path const& folder) {
    std::vector<fs::path> entries;
    std::error_code error;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
        entries.push_back(it->path());
    if (error && error != std::errc::no_such_file_or_directory)
        return system_failure(folder, "list", error.value());
    std::sort(entries.begin(), entries.end());
    return entries;
}

/// Calls `each(path)` for every blob under `folder` (ab/abcdef…); anything else there is none.
template <class Each>
Status for_each_blob(fs::path const& folder, std::stop_token const& stop, Each each) {
    TRY(auto const groups, entries_of(folder));
    for (auto const& group : groups) {
        if (!is_hex(group.filename().string(), 2)) continue;
        TRY(auto const blobs, entries_of(group));
        for (auto const& blob : blobs) {
            if (stop.stop_requested()) return stopped();
            if (is_hex(blob.filename().string(), 64)) TRY_STATUS(each(blob));
        }
    }
    return {};
}

/// The folder that something is made in until it is complete; removed if it never is. One maker at a time;
/// what an earlier one left that was cut off is cleared away.
class Unfinished {
  public:
    static Result<Unfinished> create(fs::path const& target) {
        auto folder = target;
        folder += ".unfinished";
        TRY_STATUS(make_private_folder(folder));
        TRY(auto lock, FolderLock::take(folder / "lock"));
        TRY(auto const left, entries_of(folder));
        std::error_code error;
        for (auto const& entry : left)
            if (entry.filename() != "lock") fs::remove_all(entry, error);
        if (error) return system_failure(folder, "clear", error.value());
        return Unfinished(std::move(folder), std::move(lock));
    }
    Unfinished(Unfinished&& other) noexcept
        : folder_(std::exchange(other.folder_, {})), lock_(std::move(other.lock_)) {}
    Unfinished& operator=(Unfinished&&) = delete;
    ~Unfinished() {
        if (folder_.empty()) return;
        std::error_code ignored;  // nothing to be done about it in a destructor
        fs::remove_all(folder_, ignored);
    }

    [[nodiscard]] fs::path const& folder() const { return folder_; }

    /// Gives the folder its name; an empty folder of that name is replaced.
    Status finish(fs::path const& target) {
        std::error_code error;
        fs::remove(folder_ / "lock", error);
        TRY_STATUS(sync_folder(folder_));
        if (::rename(folder_.c_str(), target.c_str()) != 0) return system_failure(target, "name", errno);
        folder_.clear();
        return sync_folder(target.parent_path());
    }

  private:
    Unfinished(fs::path folder, FolderLock lock) : folder_(std::move(folder)), lock_(std::move(lock)) {}
    fs::path folder_;
    FolderLock lock_;
};

/// One way: from a data folder to a backup or back. Notes each file's digest.
class Copying {
  public:
    Copying(fs::path from, fs::path to, std::stop_token stop, ProgressSink const& progress)
        : from_(std::move(from)), to_(std::move(to)), stop_(std::move(stop)), progress_(progress) {}

    Status database(std::string const& name) {
        TRY_STATUS(store::copy_database(from_ / name, to_ / name, stop_, progress_));
        TRY_STATUS(store::check_database(to_ / name).map([](int) {}));
        TRY(auto const digest, digest_of(to_ / name, stop_));
        return note(name, digest);
    }

    /// `name` may have folders in it, which are there already.
    Status file(std::string const& name) {
        TRY(auto const digest, copy_file(from_ / name, to_ / name, stop_));
        return note(name, digest);
    }

    /// Links or copies the blobs that are not there yet. `may_link`: source and target may share their bytes.
    Status blobs(bool may_link) {
        for (auto const* const folder : kBlobFolders)
            TRY_STATUS(for_each_blob(from_ / folder, stop_, [&](fs::path const& blob) {
                return this->blob(blob, to_ / folder, may_link);
            }));
        return {};
    }

    [[nodiscard]] BackupSummary const& summary() const { return summary_; }
    [[nodiscard]] Json const& digests() const { return digests_; }

  private:
    Status blob(fs::path const& from, fs::path const& folder, bool may_link) {
        auto const name = from.filename().string();
        auto const to = folder / name.substr(0, 2) / name;
        if (::access(to.c_str(), F_OK) == 0) return {};
        TRY_STATUS(make_private_folder(to.parent_path()));
        bool const linked = may_link && ::link(from.c_str(), to.c_str()) == 0;
        auto const digest = linked ? digest_of(to, stop_) : copy_file(from, to, stop_);
        if (!digest && digest.error().code == Code::NotFound && ::access(from.c_str(), F_OK) != 0) {
            ::unlink(to.c_str());  // removed by its owner since it was listed: nobody names it any more
            return {};
        }
        if (!digest) return fail(digest.error());
        if (*digest != name)
            return fail(Code::DataLoss, "{}: damaged: its content does not have the hash that is its name",
                        from.string());
        if (!linked) TRY_STATUS(sync_folder(to.parent_path()));
        ++summary_.blobs;
        summary_.bytes += size_of(to);
        if (progress_) progress_({"blobs", summary_.blobs, 0});
        return {};
    }

    Status note(std::string const& name, std::string const& digest) {
        digests_[name] = digest;
        if (name.ends_with(".db")) ++summary_.databases;
        summary_.bytes += size_of(to_ / name);
        return {};
    }

    static std::uint64_t size_of(fs::path const& file) {
        std::error_code error;
        auto const size = fs::file_size(file, error);
        return error ? 0 : size;
    }

    fs::path from_;
    fs::path to_;
    std::stop_token stop_;
    ProgressSink const& progress_;
    BackupSummary summary_;
    Json digests_ = Json::object();
};

fs::path without_last_slash(fs::path const& path) {
    std::error_code error;
    auto const whole = fs::absolute(path, error).lexically_normal();
    return whole.has_filename() ? whole : whole.parent_path();
}

/// Keys and settings: small files that are replaced whole when they change.
Result<std::vector<std::string>> small_files(fs::path const& root) {
    std::vector<std::string> names;
    TRY(auto const keys, entries_of(root / "keys"));
    for (auto const& key : keys)
        if (!key.filename().string().starts_with('.')) names.push_back("keys/" + key.filename().string());
    std::error_code error;
    if (fs::exists(root / "hub.toml", error)) names.emplace_back("hub.toml");
    return names;
}

struct Facts {
    std::vector<std::pair<std::string, std::string>> files;  // name, digest
    std::uint64_t blobs = 0;
};

/// A name that a backup may have: no way out of its folder.
bool is_known_name(std::string_view name) {
    if (name == "hub.toml") return true;
    if (name.starts_with("keys/"))
        name.remove_prefix(5);
    else if (!name.ends_with(".db"))
        return false;
    return !name.empty() && !name.starts_with('.') && name.find('/') == std::string_view::npos;
}

Result<Facts> read_facts(fs::path const& from) {
    auto const wrong = [&](std::string_view what) {
        return fail(Code::DataLoss, "{}: {}", (from / kBackupFacts).string(), what);
    };
    auto const content = read_file(from / kBackupFacts, kFactsBytesMax);
    if (!content && content.error().code == Code::NotFound)
        return fail(Code::NotFound, "{}: no backup: it has no {}", from.string(), kBackupFacts);
    if (!content) return fail(content.error());
    auto const json = parse_json(as_text(*content));
    if (!json) return wrong(json.error().message);
    if (auto const format = json_member<int>(*json, "format").value_or(0); format != kFormat)
        return fail(Code::FailedPrecondition, "{}: a backup of format {}; this ounce-hub knows {}",
                    from.string(), format, kFormat);
    auto const files = json_member<std::map<std::string, std::string>>(*json, "files");
    auto const blobs = json_member<std::uint64_t>(*json, "blobs");
    if (!files || !blobs || files->size() > kFilesMax) return wrong("'files' or 'blobs' is missing or wrong");
    Facts facts{{files->begin(), files->end()}, *blobs};
    for (auto const& [name, digest] : facts.files)
        if (!is_known_name(name)) return wrong("names a file that no backup has");
    return facts;
}

Status expect_new_or_empty(fs::path const& folder) {
    std::error_code error;
    if (!fs::exists(folder, error) && !error) return {};
    TRY(auto const entries, entries_of(folder));
    if (entries.empty()) return {};
    return fail(Code::AlreadyExists, "{}: is there already and not empty; name a new folder",
                folder.string());
}

}  // namespace

Result<BackupSummary> back_up(DataFolder const& data, fs::path const& out, Time now,
                              std::stop_token const& stop, ProgressSink const& progress) {
    std::error_code error;
    if (!fs::exists(data.keyring(), error))
        return fail(Code::FailedPrecondition, "{}: no hub there", data.root().string());
    auto const target = without_last_slash(out);
    TRY_STATUS(expect_new_or_empty(target));
    TRY(auto unfinished, Unfinished::create(target));
    auto const& folder = unfinished.folder();
    Copying copying(data.root(), folder, stop, progress);

    // Blobs both before and after the databases: a blob that a database names at its moment was there before
    // it, or came between and is found the second time.
    TRY_STATUS(copying.blobs(true));
    TRY(auto const entries, entries_of(data.root()));
    for (auto const& entry : entries)
        if (entry.extension() == ".db") TRY_STATUS(copying.database(entry.filename().string()));
    TRY_STATUS(copying.blobs(true));
    TRY_STATUS(make_private_folder(folder / "keys"));
    TRY(auto const small, small_files(data.root()));
    for (auto const& name : small) TRY_STATUS(copying.file(name));

    OrderedJson const facts{{"format", kFormat},
                            {"made", to_iso8601(now)},
                            {"blobs", copying.summary().blobs},
                            {"files", OrderedJson(copying.digests())}};
    TRY_STATUS(write_private_file(folder / kBackupFacts, as_bytes(dump_json(facts, 2) + "\n")));
    TRY_STATUS(unfinished.finish(target));
    return copying.summary();
}

Result<BackupSummary> restore(fs::path const& from, DataFolder const& data,
                              std::function<Status(DataFolder const&)> const& open,
                              std::stop_token const& stop, ProgressSink const& progress) {
    TRY(auto const facts, read_facts(from));
    TRY_STATUS(expect_new_or_empty(data.root()));
    TRY(auto unfinished, Unfinished::create(data.root()));
    auto const& folder = unfinished.folder();
    Copying copying(from, folder, stop, progress);
    TRY_STATUS(make_private_folder(folder / "keys"));
    for (auto const& [name, digest] : facts.files) {
        TRY_STATUS(copying.file(name));
        if (copying.digests()[name] != digest)
            return fail(Code::DataLoss, "{}: not what was backed up: its hash is another",
                        (from / name).string());
    }
    TRY_STATUS(copying.blobs(false));
    if (copying.summary().blobs < facts.blobs)
        return fail(Code::DataLoss, "{}: {} blobs are missing", (from / "blobs").string(),
                    facts.blobs - copying.summary().blobs);
    TRY_STATUS(open(DataFolder(folder)));
    TRY_STATUS(unfinished.finish(data.root()));
    return copying.summary();
}

}  // namespace ounce::hub
