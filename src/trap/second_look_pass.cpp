#include "trap/second_look_pass.hpp"

#include <deque>

#include "base/file.hpp"
#include "trap/ordered.hpp"
#include "trap/picture_file.hpp"
#include "trap/score_pass.hpp"

namespace ounce::trap {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPage = 256;
constexpr int kInFlightPerThread = 3;

struct Due {
    std::int64_t id = 0;
    std::string path;
    FrameScore first;
};

/// The pictures that are due, a page at a time: no query stays open while others write.
class DueCursor {
  public:
    explicit DueCursor(store::Database& database) : database_(&database) {}

    Result<std::optional<Due>> next() {
        if (page_.empty()) {
            TRY(auto rows,
                database_->query(
                    "SELECT s.picture, p.path, s.probabilities, s.gate, s.flags, s.notes FROM score s "
                    "JOIN picture p ON p.id = s.picture WHERE s.notes IS NOT NULL AND s.picture > ? "
                    "ORDER BY s.picture LIMIT ?",
                    last_, kPage));
            for (;;) {
                TRY(auto const row, rows.step());
                if (!row) break;
                page_.push_back({rows.integer(0), rows.text(1),
                                 FrameScore{.probabilities = unpack(rows.bytes(2)),
                                            .gate = rows.number(3),
                                            .box = std::nullopt,
                                            .flags = rows.text(4),
                                            .keep = false,
                                            .notes = rows.bytes(5)}});
            }
            if (page_.empty()) return std::optional<Due>();
            last_ = page_.back().id;
        }
        auto first = std::move(page_.front());
        page_.pop_front();
        return std::optional(std::move(first));
    }

  private:
    store::Database* database_;
    std::deque<Due> page_;
    std::int64_t last_ = -1;
};

Result<FrameScore> look(fs::path const& folder, Scorer const& scorer, Due const& due) {
    TRY(auto const bytes, read_file(folder / due.path, kPictureBytesMax));
    return scorer.look_again(bytes, due.first);
}

}  // namespace

Status second_look_pass(Journal& journal, fs::path const& folder, Scorer const& scorer, int threads,
                        ProgressSink const& progress, std::stop_token const& stop) {
    auto& database = journal.database();
    TRY(auto const total, database.count("SELECT count(*) FROM score WHERE notes IS NOT NULL"));
    if (total == 0) return {};
    DueCursor cursor(database);
    Batch batch(database);
    std::uint64_t done = 0;
    auto const take = [&](Due&& due, Result<FrameScore>&& again) -> Status {
        TRY_STATUS(batch.begin());
        progress({.step = "second look", .done = ++done, .total = static_cast<std::uint64_t>(total)});
        auto const& score = again ? *again : due.first;
        auto flags = score.flags;
        if (!again)
            flags += (flags.empty() ? "" : "; ") + std::string("no second look: the file cannot be read");
        TRY_STATUS(database.run(
            "UPDATE score SET probabilities = ?, gate = ?, flags = ?, notes = NULL WHERE picture = ?",
            pack(score.probabilities), score.gate, flags, due.id));
        return batch.done();
    };
    auto const status = run_ordered<Due, Result<FrameScore>>(
        threads, static_cast<std::size_t>(threads * kInFlightPerThread), [&] { return cursor.next(); },
        [&](Due const& due) { return look(folder, scorer, due); }, take, stop);
    TRY_STATUS(batch.commit());  // what was seen before an interruption is kept
    return status;
}

}  // namespace ounce::trap
