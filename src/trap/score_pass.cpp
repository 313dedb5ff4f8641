#include "trap/score_pass.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <deque>

#include "base/file.hpp"
#include "crypto/sha256.hpp"
#include "trap/ordered.hpp"
#include "trap/picture_file.hpp"

namespace ounce::trap {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPage = 256;
constexpr int kInFlightPerThread = 3;

/// A picture of the camera in work, in its turn.
struct Turn {
    std::int64_t id = 0;
    std::string path;
    CameraTime time{};
    bool scored = false;
    bool readable = true;
    std::uint64_t size_bytes = 0;
    std::int64_t modified_ms = 0;
};

/// A camera's pictures in time order, those that turned out unreadable among them, a page at a time: no query
/// stays open while others write.
class CameraCursor {
  public:
    CameraCursor(store::Database& database, std::int64_t camera) : database_(&database), camera_(camera) {}

    Result<std::optional<Turn>> next() {
        if (page_.empty()) {
            TRY(auto rows, database_->query(
                               "SELECT p.id, p.path, p.time_ms, s.picture IS NOT NULL, p.size_bytes, "
                               "p.modified_ms, p.state "
                               "FROM picture p LEFT JOIN score s ON s.picture = p.id WHERE p.camera = ? AND "
                               "(p.time_ms, p.path) > (?, ?) ORDER BY p.time_ms, p.path LIMIT ?",
                               camera_, last_time_, last_path_, kPage));
            for (;;) {
                TRY(auto const row, rows.step());
                if (!row) break;
                page_.push_back({rows.integer(0), rows.text(1), from_ms(rows.integer(2)),
                                 rows.integer(3) != 0, rows.integer(6) == Journal::kPlaced,
                                 static_cast<std::uint64_t>(rows.integer(4)), rows.integer(5)});
            }
            if (page_.empty()) return std::optional<Turn>();
            last_time_ = to_ms(page_.back().time);
            last_path_ = page_.back().path;
        }
        auto first = std::move(page_.front());
        page_.pop_front();
        return std::optional(std::move(first));
    }

  private:
    store::Database* database_;
    std::int64_t camera_;
    std::deque<Turn> page_;
    std::int64_t last_time_ = INT64_MIN;
    std::string last_path_;
};

struct Looked {
    std::unique_ptr<Look> look;
    crypto::Sha256 sha256{};
};

Result<Looked> look_at(fs::path const& folder, Scorer const& scorer, Turn const& turn) {
    TRY(auto const bytes, read_file(folder / turn.path, kPictureBytesMax));
    Looked looked;
    looked.sha256 = crypto::sha256(bytes);
    TRY(looked.look, scorer.look(bytes));
    return looked;
}

/// Lines up one camera's frames and scores each as soon as its window is full.
class CameraLine {
  public:
    CameraLine(store::Database& database, Scorer const& scorer) : database_(&database), scorer_(&scorer) {}

    Status add(Turn turn, std::unique_ptr<Look> look) {
        frames_.push_back({turn.time, look.get()});
        turns_.push_back(std::move(turn));
        looks_.push_back(std::move(look));
        while (next_ + scorer_->window() < frames_.size()) TRY_STATUS(score_next());
        return {};
    }
    /// The camera has no more pictures.
    Status finish() {
        while (next_ < frames_.size()) TRY_STATUS(score_next());
        return {};
    }

  private:
    Status score_next() {
        if (!turns_[next_].scored) {
            auto const first = next_ > scorer_->window() ? next_ - scorer_->window() : 0;
            auto const last = std::min(frames_.size(), next_ + scorer_->window() + 1);
            std::vector<Frame> const around(frames_.begin() + static_cast<std::ptrdiff_t>(first),
                                            frames_.begin() + static_cast<std::ptrdiff_t>(last));
            TRY(auto const score, scorer_->score(around, next_ - first));
            TRY_STATUS(write(turns_[next_], *looks_[next_], score));
        }
        ++next_;
        while (next_ > scorer_->window()) {
            frames_.pop_front();
            turns_.pop_front();
            looks_.pop_front();
            --next_;
        }
        return {};
    }

    Status write(Turn const& turn, Look const& look, FrameScore const& score) {
        TRY_STATUS(database_->run(
            "UPDATE picture SET width_px = ?, height_px = ?, grey = ?, damage = ? WHERE id = ?",
            look.width_px, look.height_px, look.grey, look.damage, turn.id));
        store::Value box[4];
        if (score.box) {
            box[0] = score.box->x;
            box[1] = score.box->y;
            box[2] = score.box->width;
            box[3] = score.box->height;
        }
        store::Value notes;
        if (!score.notes.empty()) notes = score.notes;
        return database_->run("INSERT INTO score VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", turn.id,
                              pack(score.probabilities), score.gate, box[0], box[1], box[2], box[3],
                              score.flags, score.keep, notes);
    }

    store::Database* database_;
    Scorer const* scorer_;
    std::deque<Frame> frames_;
    std::deque<Turn> turns_;
    std::deque<std::unique_ptr<Look>> looks_;
    std::size_t next_ = 0;  // the first frame that was not scored
};

/// Where the camera's work begins: so many pictures before the first without a score.
struct Start {
    std::size_t skip = 0;
    std::size_t unscored = 0;
};

/// A number that changes with the camera's list of pictures (FNV-1a), and where to start.
Result<std::pair<std::int64_t, Start>> survey(store::Database& database, std::int64_t camera,
                                              std::size_t window) {
    CameraCursor cursor(database, camera);
    std::uint64_t digest = 14695981039346656037ULL;
    auto const mix = [&digest](std::uint64_t value) {
        for (int i = 0; i < 8; ++i) digest = (digest ^ (value >> (8 * i) & 0xff)) * 1099511628211ULL;
    };
    Start start;
    std::size_t readable = 0;
    for (;;) {
        TRY(auto const turn, cursor.next());
        if (!turn) break;
        if (turn->readable && !turn->scored && start.unscored++ == 0)
            start.skip = readable > window ? readable - window : 0;
        readable += turn->readable ? 1 : 0;
        for (char const c : turn->path) mix(static_cast<unsigned char>(c));
        mix(static_cast<std::uint64_t>(to_ms(turn->time)));
        mix(turn->size_bytes);
        mix(static_cast<std::uint64_t>(turn->modified_ms));
    }
    return std::pair(static_cast<std::int64_t>(digest), start);
}

Status drop_scores_of(store::Database& database, std::int64_t camera) {
    return database.run("DELETE FROM score WHERE picture IN (SELECT id FROM picture WHERE camera = ?)",
                        camera);
}

/// Numbers pictures of the same bytes in the order of their paths, whatever was there in earlier runs.
Status number_copies(store::Database& database) {
    TRY(auto transaction, store::Transaction::begin(database));
    TRY_STATUS(database.run("UPDATE picture SET copy = 0 WHERE copy > 0"));
    TRY_STATUS(database.run(
        "UPDATE picture SET copy = place FROM (SELECT id AS same, row_number() OVER (PARTITION BY sha256 "
        "ORDER BY path) - 1 AS place FROM picture WHERE state = 1 AND sha256 IS NOT NULL) "
        "WHERE id = same AND place > 0"));
    return transaction.commit();
}

}  // namespace

Bytes pack(std::vector<float> const& probabilities) {
    Bytes bytes(probabilities.size() * sizeof(float));
    if (!bytes.empty()) std::memcpy(bytes.data(), probabilities.data(), bytes.size());
    return bytes;
}

std::vector<float> unpack(Bytes const& bytes) {
    std::vector<float> probabilities(bytes.size() / sizeof(float));
    if (!probabilities.empty())
        std::memcpy(probabilities.data(), bytes.data(), probabilities.size() * sizeof(float));
    return probabilities;
}

Status score_pass(Journal& journal, fs::path const& folder, Scorer const& scorer, int threads,
                  ProgressSink const& progress, std::stop_token const& stop) {
    auto& database = journal.database();
    TRY(auto const scored_by, journal.find_setting("scorer"));
    if (scored_by != scorer.identity()) {
        TRY_STATUS(database.run("DELETE FROM score"));
        TRY_STATUS(journal.set("scorer", scorer.identity()));
    }

    struct Job {
        std::int64_t camera = 0;
        Start start;
    };
    std::vector<Job> jobs;
    std::uint64_t total = 0;
    TRY(auto cameras, database.query("SELECT id, digest FROM camera ORDER BY name, id"));
    for (;;) {
        TRY(auto const row, cameras.step());
        if (!row) break;
        auto const camera = cameras.integer(0);
        TRY(auto surveyed, survey(database, camera, scorer.window()));
        if (surveyed.first != cameras.integer(1)) {
            if (scorer.window() > 0 && cameras.integer(1) != 0) {
                TRY_STATUS(drop_scores_of(database, camera));
                TRY(surveyed, survey(database, camera, scorer.window()));
            }
            TRY_STATUS(database.run("UPDATE camera SET digest = ? WHERE id = ?", surveyed.first, camera));
        }
        if (surveyed.second.unscored > 0) jobs.push_back({camera, surveyed.second});
        total += surveyed.second.unscored;
    }

    Batch batch(database);
    std::uint64_t done = 0;
    for (std::size_t number = 0; number < jobs.size(); ++number) {
        auto const& job = jobs[number];
        CameraCursor cursor(database, job.camera);
        CameraLine line(database, scorer);
        std::size_t position = 0;
        auto const next = [&]() -> Result<std::optional<Turn>> {
            for (;;) {
                TRY(auto turn, cursor.next());
                if (!turn) return turn;
                if (!turn->readable || position++ < job.start.skip) continue;
                if (turn->scored && scorer.window() == 0) continue;
                return turn;
            }
        };
        auto const take = [&](Turn&& turn, Result<Looked>&& looked) -> Status {
            TRY_STATUS(batch.begin());
            if (!turn.scored) progress({.step = "sifting", .done = ++done, .total = total});
            if (!looked) {
                TRY_STATUS(database.run("DELETE FROM score WHERE picture = ?", turn.id));
                TRY_STATUS(
                    database.run("UPDATE picture SET state = 2, error_code = ?, error = ? WHERE id = ?",
                                 to_string(looked.error().code), looked.error().message, turn.id));
            } else {
                if (!turn.scored) {
                    Bytes const sha256(looked->sha256.begin(), looked->sha256.end());
                    TRY_STATUS(database.run("UPDATE picture SET sha256 = ? WHERE id = ?", sha256, turn.id));
                }
                TRY_STATUS(line.add(std::move(turn), std::move(looked->look)));
            }
            return batch.done();
        };
        auto status = run_ordered<Turn, Result<Looked>>(
            threads, static_cast<std::size_t>(threads * kInFlightPerThread), next,
            [&](Turn const& turn) { return look_at(folder, scorer, turn); }, take, stop);
        if (status) status = batch.begin();
        if (status) status = line.finish();
        // What was scored before an interruption is kept.
        TRY_STATUS(batch.commit());
        if (!status) return status;
    }
    return number_copies(database);
}

}  // namespace ounce::trap
