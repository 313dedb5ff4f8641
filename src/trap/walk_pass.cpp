#include "trap/walk_pass.hpp"

#include <deque>

#include "trap/ordered.hpp"
#include "trap/picture_file.hpp"

namespace ounce::trap {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPage = 512;
constexpr int kInFlightPerThread = 16;

std::string name_of_root(fs::path const& folder) {
    std::error_code code;
    auto whole = fs::canonical(folder, code);
    auto name = whole.filename().string();
    if (name == "DCIM" || name == "dcim") name = whole.parent_path().filename().string();
    return name.empty() ? "camera" : name;
}

/// The id of the camera, made if new.
Result<std::int64_t> camera_id(store::Database& database, CameraIdentity const& camera,
                               vision::Exif const& exif) {
    TRY_STATUS(
        database.run("INSERT INTO camera(key, name, make, model, serial) VALUES(?, ?, ?, ?, ?) ON "
                     "CONFLICT(key) DO NOTHING",
                     camera.key, camera.name, exif.make, exif.model, exif.serial));
    return database.count("SELECT id FROM camera WHERE key = ?", camera.key);
}

struct Unplaced {
    std::int64_t id = 0;
    std::string path;
    std::int64_t modified_ms = 0;
};

/// Reads the unplaced pictures a page at a time, so that no query is open while others write.
class UnplacedCursor {
  public:
    explicit UnplacedCursor(store::Database& database) : database_(&database) {}

    Result<std::optional<Unplaced>> next() {
        if (page_.empty()) {
            TRY(auto rows,
                database_->query("SELECT id, path, modified_ms FROM picture WHERE state = 0 AND id > ? "
                                 "ORDER BY id LIMIT ?",
                                 last_, kPage));
            for (;;) {
                TRY(auto const row, rows.step());
                if (!row) break;
                page_.push_back({rows.integer(0), rows.text(1), rows.integer(2)});
            }
            if (page_.empty()) return std::optional<Unplaced>();
            last_ = page_.back().id;
        }
        auto first = std::move(page_.front());
        page_.pop_front();
        return std::optional(std::move(first));
    }

  private:
    store::Database* database_;
    std::deque<Unplaced> page_;
    std::int64_t last_ = 0;
};

}  // namespace

Result<ScanCounts> walk_pass(Journal& journal, fs::path const& folder, fs::path const& out,
                             ProgressSink const& progress, std::stop_token const& stop) {
    auto& database = journal.database();
    TRY(auto const last_walk, database.count("SELECT coalesce(max(walk), 0) FROM picture"));
    auto const walk = last_walk + 1;
    Batch batch(database);
    std::uint64_t met = 0;
    auto const found = [&](FoundFile const& file) -> Status {
        TRY_STATUS(batch.begin());
        TRY(auto old, database.query("SELECT id, size_bytes, modified_ms, state, error_code FROM picture "
                                     "WHERE path = ?",
                                     file.path));
        TRY(auto const known, old.step());
        if (!known) {
            TRY_STATUS(
                database.run("INSERT INTO picture(path, size_bytes, modified_ms, walk) VALUES(?, ?, ?, ?)",
                             file.path, file.size_bytes, file.modified_ms, walk));
        } else {
            auto const id = old.integer(0);
            bool const same = old.integer(1) == static_cast<std::int64_t>(file.size_bytes) &&
                              old.integer(2) == file.modified_ms;
            // Another try for what may be well by now: rights set, card put in firmly.
            auto const code = old.text(4);
            bool const again = old.integer(3) == Journal::kUnreadable &&
                               (code == "permission-denied" || code == "not-found");
            if (same && !again) {
                TRY_STATUS(database.run("UPDATE picture SET walk = ? WHERE id = ?", walk, id));
            } else {
                // Its neighbours were scored without it: another digest makes them be scored again.
                if (again)
                    TRY_STATUS(database.run(
                        "UPDATE camera SET digest = 1 WHERE digest <> 0 AND id = (SELECT camera FROM "
                        "picture WHERE id = ?)",
                        id));
                TRY_STATUS(database.run("DELETE FROM score WHERE picture = ?", id));
                TRY_STATUS(
                    database.run("UPDATE picture SET walk = ?, size_bytes = ?, modified_ms = ?, state = 0, "
                                 "camera = NULL, sha256 = NULL, copy = 0, error = NULL, error_code = NULL, "
                                 "damage = NULL WHERE id = ?",
                                 walk, file.size_bytes, file.modified_ms, id));
            }
        }
        progress({.step = "listing pictures", .done = ++met, .total = 0});
        return batch.done();
    };
    auto const unreadable = [&](std::string const& path, Error const& error) -> Status {
        TRY_STATUS(batch.begin());
        TRY_STATUS(database.run(
            "INSERT INTO picture(path, size_bytes, modified_ms, walk, state, error_code, error) "
            "VALUES(?, 0, 0, ?, 2, ?, ?) ON CONFLICT(path) DO UPDATE SET walk = excluded.walk, state = 2, "
            "error_code = excluded.error_code, error = excluded.error",
            path + "/", walk, to_string(error.code), error.message));
        return batch.done();
    };
    auto counts = scan(folder, out, found, unreadable, stop);
    TRY_STATUS(batch.commit());
    if (!counts) return counts;
    // A card that is not mounted leaves an empty folder: hours of work are not forgotten for that.
    if (met == 0) {
        TRY(auto const known, database.count("SELECT count(*) FROM picture WHERE walk <> ?", walk));
        if (known > 0)
            return fail(Code::NotFound,
                        "{}: no pictures there now, {} in an earlier run: is the card mounted? Nothing is "
                        "forgotten; run again when they are back",
                        folder.string(), known);
    }
    TRY_STATUS(database.run("DELETE FROM picture WHERE walk <> ?", walk));
    return counts;
}

Status place_pass(Journal& journal, fs::path const& folder, int threads, ProgressSink const& progress,
                  std::stop_token const& stop) {
    auto& database = journal.database();
    TRY(auto const total, database.count("SELECT count(*) FROM picture WHERE state = 0"));
    UnplacedCursor cursor(database);
    Batch batch(database);
    auto const root_name = name_of_root(folder);
    std::uint64_t done = 0;
    auto status = run_ordered<Unplaced, Result<PictureHead>>(
        threads, static_cast<std::size_t>(threads * kInFlightPerThread), [&] { return cursor.next(); },
        [&](Unplaced const& picture) { return read_head(folder, picture.path, picture.modified_ms); },
        [&](Unplaced&& picture, Result<PictureHead>&& head) -> Status {
            TRY_STATUS(batch.begin());
            if (!head) {
                TRY_STATUS(
                    database.run("UPDATE picture SET state = 2, error_code = ?, error = ? WHERE id = ?",
                                 to_string(head.error().code), head.error().message, picture.id));
            } else {
                auto const camera = identify_camera(picture.path, head->exif, root_name);
                TRY(auto const id, camera_id(database, camera, head->exif));
                auto const zone = head->exif.utc_offset
                                      ? store::Value(std::int64_t{head->exif.utc_offset->count()})
                                      : store::Value();
                TRY_STATUS(
                    database.run("UPDATE picture SET state = 1, camera = ?, time_ms = ?, time_source = ?, "
                                 "zone_min = ?, format = ? WHERE id = ?",
                                 id, to_ms(head->time), static_cast<int>(head->time_source), zone,
                                 vision::to_string(head->format), picture.id));
            }
            progress({.step = "reading times and cameras",
                      .done = ++done,
                      .total = static_cast<std::uint64_t>(total)});
            return batch.done();
        },
        stop);
    TRY_STATUS(batch.commit());
    return status;
}

}  // namespace ounce::trap
