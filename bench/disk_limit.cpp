// The physical limit that durable messages are held against: how many records a second this disk keeps when
// each group of them is synced before the next begins.
//
//   bench_disk_limit FOLDER GROUP [RECORD_BYTES = 500] [SECONDS = 3]
//
// Twice: bare (one write() of the whole group into a file that is already as large as it will be, then
// fdatasync(); as a write-ahead log that is used again) and SQLite (WAL, synchronous=FULL, GROUP inserts in
// one transaction, one prepared statement). Nothing else happens meanwhile. Prints one JSON object.

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kFileBytes = 64 * 1024 * 1024;

[[noreturn]] void give_up(std::string const& why) {
    std::fprintf(stderr, "bench_disk_limit: %s\n", why.c_str());
    std::exit(1);
}

struct Plan {
    std::filesystem::path folder;
    std::size_t group = 1;
    std::size_t record_bytes = 500;
    std::chrono::duration<double> time{3};
};

/// Calls `keep_group` for the plan's time; gives groups a second.
template <class F>
double groups_per_s(Plan const& plan, F keep_group) {
    std::size_t groups = 0;
    auto const began = Clock::now();
    auto now = began;
    for (; now - began < plan.time; now = Clock::now(), ++groups) keep_group();
    return static_cast<double>(groups) / std::chrono::duration<double>(now - began).count();
}

double bare(Plan const& plan) {
    auto const path = plan.folder / "limit.bin";
    int const file = open(path.c_str(), O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600);
    if (file < 0) give_up(path.string() + " cannot be made");
    std::vector<char> const full(kFileBytes, 'x');
    if (pwrite(file, full.data(), full.size(), 0) != static_cast<ssize_t>(full.size()) || fsync(file) != 0)
        give_up(path.string() + " cannot be written");
    std::vector<char> const group(plan.group * plan.record_bytes, 'y');
    std::size_t at = 0;
    auto const rate = groups_per_s(plan, [&] {
        if (at + group.size() > kFileBytes) at = 0;
        if (pwrite(file, group.data(), group.size(), static_cast<off_t>(at)) !=
                static_cast<ssize_t>(group.size()) ||
            fdatasync(file) != 0)
            give_up(path.string() + " cannot be written");
        at += group.size();
    });
    close(file);
    std::filesystem::remove(path);
    return rate;
}

void run_sql(sqlite3* database, char const* sql) {
    if (sqlite3_exec(database, sql, nullptr, nullptr, nullptr) != SQLITE_OK)
        give_up(std::string(sql) + ": " + sqlite3_errmsg(database));
}

double sqlite(Plan const& plan) {
    auto const path = plan.folder / "limit.db";
    sqlite3* database = nullptr;
    if (sqlite3_open(path.c_str(), &database) != SQLITE_OK) give_up(path.string() + " cannot be opened");
    run_sql(database, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL");
    run_sql(database, "CREATE TABLE record(number INTEGER PRIMARY KEY, body BLOB) STRICT");
    sqlite3_stmt* insert = nullptr;
    sqlite3_prepare_v2(database, "INSERT INTO record(body) VALUES(?)", -1, &insert, nullptr);
    std::vector<char> const body(plan.record_bytes, 'z');
    auto const rate = groups_per_s(plan, [&] {
        run_sql(database, "BEGIN IMMEDIATE");
        for (std::size_t i = 0; i < plan.group; ++i) {
            sqlite3_bind_blob(insert, 1, body.data(), static_cast<int>(body.size()), SQLITE_STATIC);
            if (sqlite3_step(insert) != SQLITE_DONE) give_up(sqlite3_errmsg(database));
            sqlite3_reset(insert);
        }
        run_sql(database, "COMMIT");
    });
    sqlite3_finalize(insert);
    sqlite3_close(database);
    for (auto const* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path.string() + suffix);
    return rate;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) give_up("FOLDER GROUP [RECORD_BYTES] [SECONDS]");
    Plan plan;
    plan.folder = argv[1];
    plan.group = std::strtoul(argv[2], nullptr, 10);
    if (argc > 3) plan.record_bytes = std::strtoul(argv[3], nullptr, 10);
    if (argc > 4) plan.time = std::chrono::duration<double>(std::strtod(argv[4], nullptr));
    if (plan.group == 0 || plan.group * plan.record_bytes > kFileBytes) give_up("GROUP is out of range");
    auto const syncs = bare(plan);
    auto const commits = sqlite(plan);
    auto const group = static_cast<double>(plan.group);
    std::printf(R"({"group": %zu, "syncs_per_s": %.0f, "per_s": %.0f, "sqlite_commits_per_s": %.0f, )"
                R"("sqlite_per_s": %.0f})"
                "\n",
                plan.group, syncs, syncs * group, commits, commits * group);
    return 0;
}
