#include "trap/journal.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/file.hpp"
#include "ounce_trap_text.hpp"

namespace ounce::trap {
namespace {

namespace fs = std::filesystem;

constexpr store::Migration kMigrations[] = {{1, text::journal_sql}};
constexpr auto kBatchTime = std::chrono::seconds(2);
constexpr int kBatchPieces = 1000;

fs::path journal_path(fs::path const& out) {
    return out / ".ounce" / "sift.db";
}

/// Another user's results, or a card mounted read-only: SQLite would call it a failing disk.
Status check_rights(fs::path const& out) {
    auto const folder = journal_path(out).parent_path();
    for (auto const& path : {out, folder, journal_path(out)})
        if (access(path.c_str(), W_OK) != 0 && errno != ENOENT)
            return fail(errno == EACCES || errno == EROFS ? Code::PermissionDenied : Code::InvalidArgument,
                        "{}: {}; results must be written there: choose another --out, or run as its owner",
                        path.string(), std::strerror(errno));
    return {};
}

}  // namespace

Result<Journal> Journal::open(fs::path const& out, fs::path const& folder) {
    std::error_code code;
    auto const whole_folder = fs::canonical(folder, code);
    if (code) return fail(Code::NotFound, "{}: {}", folder.string(), code.message());
    if (!fs::is_directory(whole_folder, code))
        return fail(Code::InvalidArgument, "{}: not a folder", folder.string());
    if (fs::equivalent(whole_folder, out, code))
        return fail(Code::InvalidArgument,
                    "{}: --out must be another folder: we never write among the originals", out.string());
    auto const path = journal_path(out);
    bool const there = fs::exists(out, code);
    if (there && !fs::is_directory(out, code))
        return fail(Code::InvalidArgument, "{}: a file; --out must be a folder", out.string());
    TRY_STATUS(check_rights(out));
    if (there && !fs::exists(path.parent_path(), code) && !fs::is_empty(out, code))
        return fail(Code::AlreadyExists, "{}: holds other files; choose a new folder for --out",
                    out.string());
    TRY_STATUS(make_folder(path.parent_path()));
    TRY(auto database, store::Database::open(path, kMigrations));
    Journal journal(std::move(database));
    TRY(auto const of, journal.find_setting("folder"));
    if (of && *of != whole_folder.string())
        return fail(Code::FailedPrecondition,
                    "{}: holds what was sifted from {}; choose another --out for {} (or remove this one)",
                    out.string(), *of, whole_folder.string());
    if (!of) TRY_STATUS(journal.set("folder", whole_folder.string()));
    return journal;
}

Result<Journal> Journal::open_existing(fs::path const& out) {
    std::error_code code;
    auto const path = journal_path(out);
    if (!fs::exists(path, code))
        return fail(Code::NotFound, "{}: nothing was sifted into this folder", out.string());
    TRY(auto database, store::Database::open(path, kMigrations));
    return Journal(std::move(database));
}

Result<std::optional<std::string>> Journal::find_setting(std::string_view key) {
    TRY(auto row, database_.query("SELECT value FROM setting WHERE key = ?", key));
    TRY(auto const found, row.step());
    if (!found) return std::optional<std::string>();
    return std::optional(row.text(0));
}

Status Journal::set(std::string_view key, std::string_view value) {
    return database_.run(
        "INSERT INTO setting VALUES(?, ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value", key, value);
}

Status Batch::begin() {
    if (open_) return {};
    TRY_STATUS(database_->begin());
    open_ = true;
    pieces_ = 0;
    since_ = std::chrono::steady_clock::now();
    return {};
}

Status Batch::done() {
    if (++pieces_ < kBatchPieces && std::chrono::steady_clock::now() - since_ < kBatchTime) return {};
    return commit();
}

Status Batch::commit() {
    if (!open_) return {};
    open_ = false;
    return database_->commit();
}

}  // namespace ounce::trap
