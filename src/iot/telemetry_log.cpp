#include "iot/telemetry_log.hpp"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <condition_variable>
#include <deque>
#include <future>
#include <list>
#include <mutex>
#include <thread>
#include <utility>

#include "base/log.hpp"
#include "iot/private_database.hpp"
#include "iot/telemetry_table.hpp"
#include "ounce_iot_text.hpp"
#include "store/ledger.hpp"

namespace ounce::iot {
namespace {

constexpr store::Migration kMigrations[] = {{1, text::telemetry_sql}};
constexpr std::size_t kGroupMessagesMax = 1'000;  // in one transaction
constexpr std::size_t kGroupBytesMax = 8 * 1024 * 1024;
constexpr std::size_t kOverheadBytes = 256;  // of a waiting message, beside what it holds
constexpr auto kKeeperPeriod = std::chrono::seconds(1);

using AppendDone = UniqueFunction<void(Result<std::vector<MessagePlace>>)>;
using ReadDone = UniqueFunction<void(Result<TelemetryPage>)>;

struct Prepared {
    Message message;
    std::string properties;
};

/// Messages that are stored together or not at all, waiting for their turn.
struct Batch {
    std::vector<Prepared> messages;
    std::size_t bytes = 0;
    AppendDone done;
};

struct Waiter {
    TelemetryCursor cursor;
    TelemetryFilter filter;
    std::size_t limit;
    Instant deadline;
    ReadDone done;
};

/// Where a message came to lie and from whom: what waiting readers are told.
struct Arrival {
    Name from;
    MessagePlace place;
};

bool matches(TelemetryFilter const& filter, Arrival const& arrival) {
    return (!filter.device || *filter.device == arrival.from.device) &&
           (!filter.module || *filter.module == arrival.from.module) &&
           (!filter.partition || *filter.partition == arrival.place.partition);
}

Result<Batch> prepare(std::vector<Message> messages, AppendDone done) {
    Batch batch;
    batch.messages.reserve(messages.size());
    for (auto& message : messages) {
        auto properties = wire::format_property_bag(message.properties);
        if (message.body.size() > kMessageBytesMax || properties.size() > wire::kBagBytesMax ||
            message.properties.application.size() > wire::kBagPropertiesMax)
            return fail_as(Code::ResourceExhausted, "MessageTooLarge",
                           "a message has at most {} bytes, {} properties, and {} bytes of those",
                           kMessageBytesMax, wire::kBagPropertiesMax, wire::kBagBytesMax);
        message.properties = {};
        batch.bytes += message.body.size() + properties.size() + kOverheadBytes;
        batch.messages.push_back({std::move(message), std::move(properties)});
    }
    batch.done = std::move(done);
    return batch;
}

}  // namespace

struct TelemetryLog::State {
    State(Clock const& c, Options o) : clock(c), options(o), opened(c.now()), opened_instant(c.instant()) {}

    // Any thread.
    void hand_in(Batch batch);
    void post_drain();
    void read_or_wait(TelemetryCursor cursor, TelemetryFilter filter, std::size_t limit, Instant deadline,
                      ReadDone done);
    void keep(std::stop_token const& stop);
    /// UTC now, by a clock that does not leap while the hub runs: for what is dropped by its age.
    [[nodiscard]] Time steady_now() const {
        return opened +
               std::chrono::duration_cast<std::chrono::microseconds>(clock.instant() - opened_instant);
    }

    // The ledger's thread.
    Result<std::vector<std::vector<MessagePlace>>> drain(store::Database& database, std::deque<Batch>& taken);
    void drained(std::deque<Batch>& taken, Result<std::vector<std::vector<MessagePlace>>> result);
    void wake(std::vector<Arrival> const& arrivals);
    void end_waits(bool all);
    Result<std::int64_t> tidy(store::Database& database);

    Clock const& clock;
    Options const options;
    Time const opened;
    Instant const opened_instant;

    // What was handed in and not taken by the ledger's thread yet. It is kept here and not in the ledger so
    // that one piece of work stores a thousand messages: half of the cost of a small one would be its piece.
    std::mutex mutex;
    std::deque<Batch> pending;
    std::size_t pending_bytes = 0;
    bool draining = false;
    std::atomic<std::size_t> waiting_bytes = 0;  // handed in and not told

    // The ledger's thread alone.
    TelemetryTable table;
    std::list<Waiter> waiters;
    std::atomic<std::size_t> waits = 0;  // as many as `waiters`, for others to see
    std::atomic<bool> releasing = false;

    std::unique_ptr<store::Ledger> ledger;
    std::mutex keeper_mutex;
    std::condition_variable_any keeper_wake;
    std::jthread keeper;
};

void TelemetryLog::State::hand_in(Batch batch) {
    auto const bytes = batch.bytes;
    if (waiting_bytes.fetch_add(bytes) + bytes > options.waiting_bytes_max) {
        waiting_bytes -= bytes;
        batch.done(fail(Code::Unavailable, "the disk cannot keep up: too many messages wait; try again"));
        return;
    }
    {
        std::scoped_lock const lock(mutex);
        pending.push_back(std::move(batch));
        if (std::exchange(draining, true)) return;
    }
    post_drain();
}

void TelemetryLog::State::post_drain() {
    using Places = std::vector<std::vector<MessagePlace>>;
    auto taken = std::make_shared<std::deque<Batch>>();
    ledger->post<Places>([this, taken](store::Database& database) { return drain(database, *taken); },
                         [this, taken](Result<Places> result) { drained(*taken, std::move(result)); });
}

Result<std::vector<std::vector<MessagePlace>>> TelemetryLog::State::drain(store::Database& database,
                                                                          std::deque<Batch>& taken) {
    {
        std::scoped_lock const lock(mutex);
        std::size_t messages = 0;
        std::size_t bytes = 0;
        while (!pending.empty() && messages < kGroupMessagesMax && bytes < kGroupBytesMax) {
            messages += pending.front().messages.size();
            bytes += pending.front().bytes;
            taken.push_back(std::move(pending.front()));
            pending.pop_front();
        }
    }
    auto const now = clock.now();
    std::vector<std::vector<MessagePlace>> places;
    for (auto& batch : taken) {
        auto& told = places.emplace_back();
        for (auto& [message, properties] : batch.messages) {
            // The name is needed once more, for those who wait.
            Message copy{.from = message.from,
                         .generation = std::move(message.generation),
                         .properties = {},
                         .body = std::move(message.body),
                         .packet_id = message.packet_id,
                         .resent = message.resent};
            TRY(auto const place, table.append(database, std::move(copy), std::move(properties), now));
            told.push_back(place);
        }
    }
    TRY_STATUS(table.flush(database));
    return places;
}

void TelemetryLog::State::drained(std::deque<Batch>& taken,
                                  Result<std::vector<std::vector<MessagePlace>>> result) {
    if (taken.empty() && !result) {
        // Refused by the ledger: this is whatever thread handed the first of them in.
        std::scoped_lock const lock(mutex);
        taken.swap(pending);
        draining = false;
    } else {
        if (!result) table.forget();
        bool more = false;
        {
            std::scoped_lock const lock(mutex);
            more = draining = !pending.empty();
        }
        if (more) post_drain();
    }
    std::vector<Arrival> arrivals;
    std::size_t index = 0;
    for (auto& batch : taken) {
        waiting_bytes -= batch.bytes;
        if (!result) {
            batch.done(fail(result.error()));
            continue;
        }
        auto& places = (*result)[index++];
        if (!waiters.empty())
            for (std::size_t i = 0; i < places.size(); ++i)
                arrivals.push_back({std::move(batch.messages[i].message.from), places[i]});
        batch.done(std::move(places));
    }
    if (!arrivals.empty()) wake(arrivals);
}

void TelemetryLog::State::wake(std::vector<Arrival> const& arrivals) {
    for (auto waiter = waiters.begin(); waiter != waiters.end();) {
        auto const current = waiter++;
        bool const wanted = std::any_of(arrivals.begin(), arrivals.end(), [&](Arrival const& arrival) {
            return matches(current->filter, arrival);
        });
        if (!wanted) continue;
        auto woken = std::move(*current);
        waiters.erase(current);
        waits = waiters.size();
        read_or_wait(std::move(woken.cursor), std::move(woken.filter), woken.limit, woken.deadline,
                     std::move(woken.done));
    }
}

void TelemetryLog::State::read_or_wait(TelemetryCursor cursor, TelemetryFilter filter, std::size_t limit,
                                       Instant deadline, ReadDone done) {
    using Step = TelemetryTable::Step;
    auto shared_filter = std::make_shared<TelemetryFilter>(std::move(filter));
    ledger->post<Step>(
        [this, cursor = std::move(cursor), shared_filter, limit](store::Database& database) {
            return table.read(database, cursor, *shared_filter, limit);
        },
        [this, shared_filter, limit, deadline, told = std::move(done)](Result<Step> step) mutable {
            if (!step) return told(fail(step.error()));
            bool const patient = !releasing && clock.instant() < deadline;
            if (!step->page.messages.empty() || (step->at_end && !patient))
                return told(std::move(step->page));
            if (!step->at_end)
                return read_or_wait(std::move(step->page.next), std::move(*shared_filter), limit, deadline,
                                    std::move(told));
            if (waiters.size() >= options.waits_max)
                return told(fail_as(Code::Unavailable, "ThrottlingException",
                                    "{} readers wait for messages already; try again later", waiters.size()));
            waiters.push_back(
                {std::move(step->page.next), std::move(*shared_filter), limit, deadline, std::move(told)});
            waits = waiters.size();
        });
}

void TelemetryLog::State::end_waits(bool all) {
    auto const now = clock.instant();
    for (auto waiter = waiters.begin(); waiter != waiters.end();) {
        auto const current = waiter++;
        if (!all && current->deadline > now) continue;
        auto ended = std::move(*current);
        waiters.erase(current);
        ended.done(TelemetryPage{.messages = {}, .next = std::move(ended.cursor)});
    }
    waits = waiters.size();
}

Result<std::int64_t> TelemetryLog::State::tidy(store::Database& database) {
    return table.drop(database, steady_now() - options.keep_for, options.keep_bytes);
}

void TelemetryLog::State::keep(std::stop_token const& stop) {
    std::unique_lock lock(keeper_mutex);
    auto tidied = clock.instant();
    while (!stop.stop_requested()) {
        keeper_wake.wait_for(lock, stop, kKeeperPeriod, [] { return false; });
        if (stop.stop_requested()) return;
        if (waits > 0)
            ledger->post<void>([](store::Database&) { return Status(); },
                               [this](Status const& done) {
                                   // Refused, this is not the ledger's thread; the next turn tries again.
                                   if (done) end_waits(false);
                               });
        if (clock.instant() - tidied < options.tidy_every) continue;
        for (bool more = true; more && !stop.stop_requested();) {
            auto const dropped = ledger->run([this](store::Database& database) { return tidy(database); });
            // The log of the ledger tells of failures.
            more = dropped && *dropped > 0;
        }
        tidied = clock.instant();
    }
}

TelemetryLog::TelemetryLog(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<TelemetryLog>> TelemetryLog::open(std::filesystem::path const& path,
                                                         Clock const& clock, Options options) {
    if (options.partitions < 1 || options.partitions > TelemetryTable::kPartitionsMax)
        return fail(Code::InvalidArgument, "telemetry: {} partitions: 1 to {} are possible",
                    options.partitions, TelemetryTable::kPartitionsMax);
    TRY_STATUS(make_private_database(path));
    auto state = std::make_unique<State>(clock, options);
    TRY(state->ledger, store::Ledger::open(path, kMigrations));
    TRY_STATUS(state->ledger->run(
        [&](store::Database& database) { return TelemetryTable::prepare(database, options.partitions); }));
    if (options.tidy_every.count() > 0)
        state->keeper = std::jthread([raw = state.get()](std::stop_token const& stop) { raw->keep(stop); });
    return std::unique_ptr<TelemetryLog>(new TelemetryLog(std::move(state)));
}

TelemetryLog::~TelemetryLog() {
    if (state_->keeper.joinable()) {
        state_->keeper.request_stop();
        state_->keeper.join();
    }
    // What was handed in is written: each round takes a group, until nothing waits.
    for (bool more = true; more;) {
        auto const round = state_->ledger->run([](store::Database&) { return Status(); });
        std::scoped_lock const lock(state_->mutex);
        more = round && state_->draining;
    }
    release_readers();
}

void TelemetryLog::release_readers() {
    state_->releasing = true;
    auto const ended = state_->ledger->run([this](store::Database&) {
        state_->end_waits(true);
        return Status();
    });
    if (!ended) log_warning("waiting readers got no answer", {{"error", ended.error().message}});
}

void TelemetryLog::append(Message message, UniqueFunction<void(Result<MessagePlace>)> done) {
    std::vector<Message> one;
    one.push_back(std::move(message));
    auto tell = std::make_shared<UniqueFunction<void(Result<MessagePlace>)>>(std::move(done));
    auto batch = prepare(std::move(one), [tell](Result<std::vector<MessagePlace>> places) {
        if (places)
            (*tell)(places->front());
        else
            (*tell)(fail(places.error()));
    });
    if (!batch) return (*tell)(fail(batch.error()));
    state_->hand_in(std::move(*batch));
}

Result<std::vector<MessagePlace>> TelemetryLog::append_all(std::vector<Message> messages) {
    using Places = Result<std::vector<MessagePlace>>;
    std::promise<Places> promise;
    auto places = promise.get_future();
    TRY(auto batch,
        prepare(std::move(messages), [&promise](Places result) { promise.set_value(std::move(result)); }));
    state_->hand_in(std::move(batch));
    return places.get();
}

Result<TelemetryCursor> TelemetryLog::earliest() {
    return state_->ledger->run(
        [this](store::Database& database) { return state_->table.earliest(database); });
}

Result<TelemetryCursor> TelemetryLog::latest() {
    return state_->ledger->run([this](store::Database& database) { return state_->table.latest(database); });
}

Result<TelemetryCursor> TelemetryLog::at(Time from) {
    return state_->ledger->run(
        [this, from](store::Database& database) { return state_->table.at(database, from); });
}

Result<TelemetryPage> TelemetryLog::read(TelemetryCursor const& cursor, TelemetryFilter const& filter,
                                         std::size_t limit) {
    std::promise<Result<TelemetryPage>> promise;
    auto page = promise.get_future();
    read_or_wait(cursor, filter, limit, std::chrono::milliseconds(0),
                 [&promise](Result<TelemetryPage> result) { promise.set_value(std::move(result)); });
    return page.get();
}

void TelemetryLog::read_or_wait(TelemetryCursor cursor, TelemetryFilter filter, std::size_t limit,
                                std::chrono::milliseconds patience,
                                UniqueFunction<void(Result<TelemetryPage>)> done) {
    state_->read_or_wait(std::move(cursor), std::move(filter),
                         std::clamp<std::size_t>(limit, 1, kPageMessagesMax),
                         state_->clock.instant() + patience, std::move(done));
}

Result<std::vector<PartitionState>> TelemetryLog::partitions() {
    return state_->ledger->run(
        [this](store::Database& database) { return state_->table.partitions(database); });
}

Result<std::uint64_t> TelemetryLog::used_bytes() {
    return state_->ledger->run([](store::Database& database) { return iot::used_bytes(database); });
}

Result<std::int64_t> TelemetryLog::tidy() {
    auto dropped = state_->ledger->run([this](store::Database& database) { return state_->tidy(database); });
    TRY_STATUS(state_->ledger->run([this](store::Database&) {
        state_->end_waits(false);
        return Status();
    }));
    return dropped;
}

int partition_of(std::string_view device, int partitions) {
    // FNV-1a: simple, spreads well, and never changes.
    std::uint64_t hash = 14'695'981'039'346'656'037U;
    for (char const c : device) hash = (hash ^ static_cast<unsigned char>(c)) * 1'099'511'628'211U;
    return static_cast<int>(hash % static_cast<std::uint64_t>(partitions));
}

std::string TelemetryCursor::to_text() const {
    std::string text = "1.";
    for (auto const sequence : after) text += fmt::format("{}{}", text.size() > 2 ? "-" : "", sequence);
    return text;
}

Result<TelemetryCursor> TelemetryCursor::parse(std::string_view text) {
    auto const wrong = [] { return fail(Code::InvalidArgument, "the cursor is not one of this hub"); };
    if (!text.starts_with("1.")) return wrong();
    TelemetryCursor cursor;
    auto const* place = text.data() + 2;
    auto const* const end = text.data() + text.size();
    while (cursor.after.size() < TelemetryTable::kPartitionsMax) {
        std::int64_t sequence = 0;
        auto const [stopped, error] = std::from_chars(place, end, sequence);
        if (error != std::errc() || sequence < 0) return wrong();
        cursor.after.push_back(sequence);
        if (stopped == end) return cursor;
        if (*stopped != '-') return wrong();
        place = stopped + 1;
    }
    return wrong();
}

}  // namespace ounce::iot
