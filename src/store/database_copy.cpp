#include "store/database_copy.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>

#include "base/descriptor.hpp"
#include "base/file.hpp"
#include "store/sqlite_error.hpp"

namespace ounce::store {
namespace {

constexpr int kPagesAtOnce = 2'000;  // 8 MB: between two looks at the stop token
constexpr int kBusyMilliseconds = 10'000;

struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close(handle); }
};
struct Finish {
    void operator()(sqlite3_backup* backup) const { sqlite3_backup_finish(backup); }
};
struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Handle = std::unique_ptr<sqlite3, Close>;
using Backup = std::unique_ptr<sqlite3_backup, Finish>;
using Rows = std::unique_ptr<sqlite3_stmt, Finalize>;

Result<Handle> open(std::filesystem::path const& path, int flags) {
    sqlite3* raw = nullptr;
    auto const code = sqlite3_open_v2(path.c_str(), &raw, flags | SQLITE_OPEN_NOMUTEX, nullptr);
    Handle handle(raw);
    if (code != SQLITE_OK) return sqlite_failure(raw, path, code);
    sqlite3_busy_timeout(raw, kBusyMilliseconds);
    return handle;
}

Status execute(sqlite3* handle, std::filesystem::path const& path, char const* sql) {
    auto const code = sqlite3_exec(handle, sql, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return sqlite_failure(handle, path, code);
    return {};
}

/// The first column of the first row.
Result<std::string> first_text(sqlite3* handle, std::filesystem::path const& path, char const* sql) {
    sqlite3_stmt* raw = nullptr;
    auto code = sqlite3_prepare_v2(handle, sql, -1, &raw, nullptr);
    Rows const rows(raw);
    if (code == SQLITE_OK) code = sqlite3_step(raw);
    if (code != SQLITE_ROW) return sqlite_failure(handle, path, code);
    return std::string(reinterpret_cast<char const*>(sqlite3_column_text(raw, 0)));
}

Status expect_file(std::filesystem::path const& path) {
    if (::access(path.c_str(), R_OK) != 0) return system_failure(path, "open", errno);
    return {};
}

Status sync_file(std::filesystem::path const& path) {
    Descriptor const file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.valid() || ::fsync(file.number()) != 0) return system_failure(path, "sync", errno);
    return {};
}

Status copy_pages(std::filesystem::path const& from, std::filesystem::path const& to,
                  std::stop_token const& stop, ProgressSink const& progress) {
    // Not opened for reading only: if nobody else has it open, its log must be played in first.
    TRY(auto const source, open(from, SQLITE_OPEN_READWRITE));
    TRY(auto const target, open(to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE));
    TRY_STATUS(execute(target.get(), to, "PRAGMA synchronous=OFF"));  // synced once, at the end
    // The read transaction holds one state of the source for all steps: without it each step would begin anew
    // whenever another process writes.
    TRY_STATUS(
        execute(source.get(), from, "PRAGMA query_only=ON; BEGIN; SELECT count(*) FROM sqlite_master"));
    Backup backup(sqlite3_backup_init(target.get(), "main", source.get(), "main"));
    if (!backup) return sqlite_failure(target.get(), to, sqlite3_errcode(target.get()));
    for (;;) {
        if (stop.stop_requested()) return fail(Code::Cancelled, "stopped");
        auto const code = sqlite3_backup_step(backup.get(), kPagesAtOnce);
        auto const total = static_cast<std::uint64_t>(sqlite3_backup_pagecount(backup.get()));
        auto const rest = static_cast<std::uint64_t>(sqlite3_backup_remaining(backup.get()));
        if (progress) progress({from.filename().string(), total - rest, total});
        if (code == SQLITE_DONE) break;
        if (code != SQLITE_OK) return sqlite_failure(target.get(), to, code);
    }
    auto const code = sqlite3_backup_finish(backup.release());
    if (code != SQLITE_OK) return sqlite_failure(target.get(), to, code);
    // One file: no log beside it that a careless copy would leave behind.
    return execute(target.get(), to, "PRAGMA journal_mode=DELETE");
}

}  // namespace

Status copy_database(std::filesystem::path const& from, std::filesystem::path const& to,
                     std::stop_token const& stop, ProgressSink const& progress) {
    TRY_STATUS(expect_file(from));
    if (::access(to.c_str(), F_OK) == 0)
        return fail(Code::AlreadyExists, "{}: is there already", to.string());
    auto copied = copy_pages(from, to, stop, progress);
    if (copied) copied = sync_file(to);
    if (!copied) {
        for (auto const* const suffix : {"", "-journal", "-wal", "-shm"})
            ::unlink((to.string() + suffix).c_str());
        return copied;
    }
    return sync_folder(to.parent_path());
}

Result<int> check_database(std::filesystem::path const& path) {
    TRY_STATUS(expect_file(path));
    TRY(auto const handle, open(path, SQLITE_OPEN_READWRITE));
    TRY(auto const verdict, first_text(handle.get(), path, "PRAGMA integrity_check(1)"));
    if (verdict != "ok") return fail(Code::DataLoss, "{}: damaged: {}", path.string(), verdict);
    TRY(auto const schema, first_text(handle.get(), path, "PRAGMA user_version"));
    return std::stoi(schema);
}

}  // namespace ounce::store
