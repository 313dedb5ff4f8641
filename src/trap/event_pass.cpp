#include "trap/event_pass.hpp"

#include "base/bytes.hpp"
#include "train/dataset.hpp"
#include "trap/recall.hpp"
#include "trap/score_pass.hpp"

namespace ounce::trap {
namespace {

/// The event that is being filled.
struct OpenEvent {
    std::int64_t id = 0;
    std::string name;
    CameraTime first{};
    CameraTime last{};
    std::int64_t pictures = 0;
    std::int64_t bursts = 0;
    Vote vote;
    std::int64_t best = 0;
    double best_score = -1;
    bool keep = false;
};

Status write(store::Database& database, std::int64_t camera, OpenEvent const& event, int target) {
    auto const verdict = event.vote.verdict();
    auto const probability =
        verdict.tag < 0 ? verdict.gate : verdict.probabilities[static_cast<std::size_t>(verdict.tag)];
    return database.run(
        "INSERT INTO event(id, name, camera, first_ms, last_ms, pictures, bursts, gate, tag, probability, "
        "score, "
        "keep, best) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        event.id, event.name, camera, to_ms(event.first), to_ms(event.last), event.pictures, event.bursts,
        verdict.gate, verdict.tag, probability, rank_score(verdict, target), event.keep, event.best);
}

}  // namespace

int negative_tag(std::vector<ScoredTag> const& tags) {
    for (std::size_t i = 0; i < tags.size(); ++i)
        if (tags[i].negative) return static_cast<int>(i);
    for (std::size_t i = 0; i < tags.size(); ++i)
        if (train::means_nothing_there(tags[i].name)) return static_cast<int>(i);
    return -1;
}

VoteTags vote_tags(std::vector<ScoredTag> const& tags, bool exclusive, bool gated) {
    return {.count = tags.size(), .negative = negative_tag(tags), .exclusive = exclusive, .gated = gated};
}

Status event_pass(Journal& journal, Scorer const& scorer, EventOptions const& options,
                  std::stop_token const& stop) {
    auto& database = journal.database();
    auto const tags = vote_tags(scorer.tags(), scorer.exclusive(), scorer.gated());
    TRY(auto transaction, store::Transaction::begin(database));
    TRY_STATUS(database.run("DELETE FROM member"));
    TRY_STATUS(database.run("DELETE FROM event"));
    TRY(auto cameras, database.query("SELECT id, key FROM camera ORDER BY name, id"));
    std::int64_t events = 0;
    for (;;) {
        TRY(auto const camera_row, cameras.step());
        if (!camera_row) break;
        auto const camera = cameras.integer(0);
        auto const key = cameras.text(1);
        Grouper grouper(options.group);
        std::optional<OpenEvent> event;
        std::string burst;
        TRY(auto rows,
            database.query("SELECT p.id, p.time_ms, p.sha256, s.probabilities, s.gate, s.keep FROM picture p "
                           "JOIN score s ON s.picture = p.id WHERE p.camera = ? AND p.state = 1 "
                           "ORDER BY p.time_ms, p.path",
                           camera));
        for (;;) {
            TRY(auto const row, rows.step());
            if (!row) break;
            if (stop.stop_requested()) return fail(Code::Cancelled, "stopped");
            auto const time = from_ms(rows.integer(1));
            auto const step = grouper.add(time);
            auto const sha256 = to_hex(rows.bytes(2));
            if (step.new_event) {
                if (event) TRY_STATUS(write(database, camera, *event, options.target));
                event.emplace(OpenEvent{.id = ++events,
                                        .name = group_name('e', key, time, sha256),
                                        .first = time,
                                        .vote = Vote(tags, options.voting)});
            }
            if (step.new_burst) {
                burst = group_name('b', key, time, sha256);
                ++event->bursts;
            }
            auto const probabilities = unpack(rows.bytes(3));
            auto const gate = rows.number(4);
            event->vote.add(probabilities, gate);
            auto const target = static_cast<std::size_t>(options.target);
            auto const score = options.target >= 0 && target < probabilities.size()
                                   ? static_cast<double>(probabilities[target])
                                   : gate;
            if (score > event->best_score) {
                event->best_score = score;
                event->best = rows.integer(0);
            }
            event->keep = event->keep || rows.integer(5) != 0;
            event->last = time;
            ++event->pictures;
            TRY_STATUS(database.run("INSERT INTO member VALUES(?, ?, ?)", rows.integer(0), burst, event->id));
        }
        if (event) TRY_STATUS(write(database, camera, *event, options.target));
    }
    TRY_STATUS(
        database.run("UPDATE event SET rank = r.n FROM (SELECT id, row_number() OVER (ORDER BY score DESC, "
                     "gate DESC, first_ms, id) AS n FROM event) AS r WHERE r.id = event.id"));
    return transaction.commit();
}

Status split_events(Journal& journal, double threshold, std::size_t audit_events, std::uint64_t seed) {
    auto& database = journal.database();
    TRY(auto transaction, store::Transaction::begin(database));
    TRY_STATUS(database.run("UPDATE event SET look = score >= ? OR keep, audit = NULL", threshold));
    TRY(auto const discarded, database.count("SELECT count(*) FROM event WHERE look = 0"));
    auto const sample = random_sample(static_cast<std::uint64_t>(discarded), audit_events, seed);
    TRY_STATUS(database.execute(
        "CREATE TEMP TABLE IF NOT EXISTS aside(n INTEGER PRIMARY KEY, event INTEGER); DELETE FROM aside"));
    // By name, not by rank: the names are as good as random, and do not follow the scores.
    TRY_STATUS(database.run(
        "INSERT INTO aside SELECT row_number() OVER (ORDER BY name, id) - 1, id FROM event WHERE look = 0"));
    for (std::size_t place = 0; place < sample.size(); ++place)
        TRY_STATUS(database.run("UPDATE event SET audit = ? WHERE id = (SELECT event FROM aside WHERE n = ?)",
                                place + 1, sample[place]));
    return transaction.commit();
}

}  // namespace ounce::trap
