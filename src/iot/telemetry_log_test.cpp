#include "iot/telemetry_log.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>
#include <semaphore>
#include <set>
#include <thread>

#include "base/file.hpp"
#include "iot/recent_messages.hpp"

namespace ounce::iot {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

class TelemetryLogTest : public ::testing::Test {
  protected:
    void SetUp() override {
        auto folder = TemporaryFolder::create();
        ASSERT_TRUE(folder);
        folder_ = std::make_unique<TemporaryFolder>(std::move(*folder));
        options_.tidy_every = seconds(0);
        open();
    }
    void open() {
        log_.reset();
        auto log = TelemetryLog::open(folder_->path() / "telemetry.db", clock_, options_);
        ASSERT_TRUE(log) << log.error().message;
        log_ = std::move(*log);
    }
    static Message message(std::string device, std::string_view body) {
        Message made;
        made.from = {.device = std::move(device), .module = ""};
        made.generation = "7";
        made.body.assign(body.begin(), body.end());
        return made;
    }
    static Message qos1(std::string_view body, std::uint16_t packet, bool resent = false) {
        auto made = message("a", body);
        made.packet_id = packet;
        made.resent = resent;
        return made;
    }
    Result<MessagePlace> append(Message message) {
        std::vector<Message> one;
        one.push_back(std::move(message));
        TRY(auto const places, log_->append_all(std::move(one)));
        return places.front();
    }
    std::vector<std::string> bodies(TelemetryCursor const& from, TelemetryFilter const& filter = {}) {
        std::vector<std::string> found;
        auto const page = log_->read(from, filter, TelemetryLog::kPageMessagesMax);
        EXPECT_TRUE(page) << page.error().message;
        if (page)
            for (auto const& stored : page->messages) found.emplace_back(as_text(stored.body));
        return found;
    }
    std::vector<std::string> all() { return bodies(*log_->earliest()); }
    std::int64_t tidy_up() {
        std::int64_t sum = 0;
        for (;;) {
            auto const dropped = log_->tidy();
            EXPECT_TRUE(dropped) << dropped.error().message;
            if (!dropped || *dropped == 0) return sum;
            sum += *dropped;
        }
    }

    FakeClock clock_;
    TelemetryLog::Options options_;
    std::unique_ptr<TemporaryFolder> folder_;
    std::unique_ptr<TelemetryLog> log_;
};

TEST_F(TelemetryLogTest, KeepsAllOfAMessage) {
    auto sent = message("a", std::string("\0\xff{}", 4));
    sent.from.module = "m";
    sent.properties.system.message_id = "id 1&";
    sent.properties.application = {{"key=", "v/ü"}, {"null", std::nullopt}, {"empty", ""}};
    auto const properties = sent.properties;
    auto const place = append(std::move(sent));
    ASSERT_TRUE(place) << place.error().message;
    EXPECT_EQ(place->sequence, 1);
    EXPECT_EQ(place->enqueued, clock_.now());
    open();
    auto const page = log_->read(*log_->earliest(), {}, 10);
    ASSERT_TRUE(page);
    ASSERT_EQ(page->messages.size(), 1U);
    auto const& stored = page->messages[0];
    EXPECT_EQ(as_text(stored.body), std::string_view("\0\xff{}", 4));
    EXPECT_EQ(stored.from, (Name{"a", "m"}));
    EXPECT_EQ(stored.generation, "7");
    EXPECT_EQ(stored.properties, properties);
    EXPECT_EQ(stored.place.partition, place->partition);
}

TEST_F(TelemetryLogTest, OneDeviceStaysInOnePartitionInItsOrder) {
    std::set<int> partitions;
    for (int i = 0; i < 40; ++i) {
        auto const a = append(message("a", std::to_string(i)));
        auto const other = append(message(fmt::format("d{}", i), "x"));
        ASSERT_TRUE(a && other);
        EXPECT_EQ(a->partition, partition_of("a", 4));
        partitions.insert(other->partition);
    }
    EXPECT_EQ(partitions.size(), 4U);
    auto const found = bodies(*log_->earliest(), {.device = "a", .module = {}, .partition = {}});
    ASSERT_EQ(found.size(), 40U);
    for (int i = 0; i < 40; ++i) EXPECT_EQ(found[static_cast<std::size_t>(i)], std::to_string(i));
}

TEST_F(TelemetryLogTest, APageAfterAPageMissesNothingAndRepeatsNothing) {
    for (int i = 0; i < 50; ++i) {
        clock_.advance(seconds(1));
        ASSERT_TRUE(append(message(fmt::format("d{}", i % 7), std::to_string(i))));
    }
    auto cursor = *log_->earliest();
    int next = 0;
    for (;;) {
        auto const text = cursor.to_text();
        auto const parsed = TelemetryCursor::parse(text);
        ASSERT_TRUE(parsed) << text;
        auto const page = log_->read(*parsed, {}, 7);
        ASSERT_TRUE(page);
        if (page->messages.empty()) break;
        // In the order of time over all partitions.
        for (auto const& stored : page->messages) EXPECT_EQ(as_text(stored.body), std::to_string(next++));
        cursor = page->next;
    }
    EXPECT_EQ(next, 50);
}

TEST(TelemetryCursorTest, RefusesWhatItDidNotWrite) {
    for (auto const* const text :
         {"", "1.", "2.0-0", "1.0-", "1.-1", "1.a", "1.0-0x", "1.0--1", "1.99999999999999999999", "1.0 -0"})
        EXPECT_FALSE(TelemetryCursor::parse(text)) << text;
    EXPECT_FALSE(TelemetryCursor::parse("1.0" + std::string(100, '-')));
}

/// After a backup was restored: waiting until the numbers have caught up would miss messages without a word.
TEST_F(TelemetryLogTest, ACursorAheadOfTheLogIsRefused) {
    auto const place = append(message("a", "x"));
    ASSERT_TRUE(place);
    auto cursor = *log_->latest();
    EXPECT_TRUE(log_->read(cursor, {}, 10));
    ++cursor.after[static_cast<std::size_t>(place->partition)];
    auto const refused = log_->read(cursor, {}, 10);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::InvalidArgument);
}

TEST_F(TelemetryLogTest, ACursorOfAnotherLogIsRefused) {
    auto const page = log_->read({.after = {0, 0}}, {}, 1);
    ASSERT_FALSE(page);
    EXPECT_EQ(page.error().code, Code::InvalidArgument);
}

TEST_F(TelemetryLogTest, StartsAtATime) {
    for (int i = 0; i < 20; ++i) {
        ASSERT_TRUE(append(message(i % 2 == 0 ? "a" : "c", std::to_string(i))));
        clock_.advance(seconds(10));
    }
    auto const from = clock_.now() - seconds(35);
    EXPECT_EQ(bodies(*log_->at(from)), (std::vector<std::string>{"17", "18", "19"}));
    EXPECT_EQ(bodies(*log_->at(Time{})).size(), 20U);
    EXPECT_TRUE(bodies(*log_->at(clock_.now())).empty());
    EXPECT_TRUE(bodies(*log_->latest()).empty());
}

TEST_F(TelemetryLogTest, TimesAndNumbersNeverGoBackAlsoAfterAllIsGone) {
    auto const first = append(message("a", "1"));
    ASSERT_TRUE(first);
    clock_.set(clock_.now() - hours(48));
    auto const second = append(message("a", "2"));
    ASSERT_TRUE(second);
    EXPECT_EQ(second->enqueued, first->enqueued);
    open();
    auto const third = append(message("a", "3"));
    ASSERT_TRUE(third);
    EXPECT_EQ(third->enqueued, first->enqueued);

    clock_.set(first->enqueued);
    clock_.advance(hours(24 * 10));
    EXPECT_EQ(tidy_up(), 3);
    clock_.set(first->enqueued - hours(1));
    open();
    auto const fourth = append(message("a", "4"));
    ASSERT_TRUE(fourth);
    EXPECT_EQ(fourth->sequence, 4);
    EXPECT_EQ(fourth->enqueued, first->enqueued);
}

TEST_F(TelemetryLogTest, AClockThatLeapsAheadDropsNothing) {
    ASSERT_TRUE(append(message("a", "1")));
    clock_.set(clock_.now() + hours(24 * 365 * 10));
    ASSERT_TRUE(append(message("b", "2")));
    EXPECT_EQ(tidy_up(), 0);
    EXPECT_EQ(all().size(), 2U);
}

TEST_F(TelemetryLogTest, AResentMessageIsStoredOnce) {
    auto const first = append(qos1("x", 7));
    auto const again = append(qos1("x", 7, true));
    ASSERT_TRUE(first && again);
    EXPECT_EQ(again->sequence, first->sequence);
    EXPECT_EQ(all().size(), 1U);
}

TEST_F(TelemetryLogTest, AResentMessageIsStoredOnceAcrossARestart) {
    for (std::uint16_t packet = 1; packet <= 20; ++packet)
        ASSERT_TRUE(append(qos1(std::to_string(packet), packet)));
    open();
    for (std::uint16_t packet = 15; packet <= 22; ++packet)
        ASSERT_TRUE(append(qos1(std::to_string(packet), packet, true)));
    ASSERT_TRUE(append(qos1("21", 21, true)));
    auto const found = all();
    EXPECT_EQ(found.size(), 22U);
    EXPECT_EQ(std::set<std::string>(found.begin(), found.end()).size(), 22U);
}

TEST_F(TelemetryLogTest, WhatOnlyLooksLikeAResentMessageIsStored) {
    ASSERT_TRUE(append(qos1("x", 7)));
    ASSERT_TRUE(append(qos1("x", 7)));        // the flag is not set
    ASSERT_TRUE(append(qos1("y", 7, true)));  // something else
    ASSERT_TRUE(append(qos1("x", 7, true)));  // the id was used again meanwhile
    ASSERT_TRUE(append(qos1("x", 8, true)));  // another id
    EXPECT_EQ(all().size(), 5U);
    clock_.advance(RecentMessages::kAge + seconds(1));
    ASSERT_TRUE(append(qos1("x", 8, true)));  // long ago
    EXPECT_EQ(all().size(), 6U);
    auto other = qos1("x", 8, true);
    other.from.device = "b";
    ASSERT_TRUE(append(std::move(other)));
    auto with_properties = qos1("x", 8, true);
    with_properties.properties.application = {{"k", "v"}};
    ASSERT_TRUE(append(std::move(with_properties)));
    EXPECT_EQ(all().size(), 8U);
}

TEST_F(TelemetryLogTest, RefusesWhatIsTooLarge) {
    auto const bodies_fit = append(message("a", std::string(kMessageBytesMax, 'x')));
    EXPECT_TRUE(bodies_fit);
    auto const too_large = append(message("a", std::string(kMessageBytesMax + 1, 'x')));
    ASSERT_FALSE(too_large);
    EXPECT_EQ(too_large.error().reason, "MessageTooLarge");
    auto many = message("a", "x");
    for (std::size_t i = 0; i <= wire::kBagPropertiesMax; ++i)
        many.properties.application.push_back({fmt::format("k{}", i), "v"});
    EXPECT_FALSE(append(std::move(many)));
}

TEST_F(TelemetryLogTest, ABatchIsStoredTogetherOrNotAtAll) {
    std::vector<Message> good;
    for (int i = 0; i < 3; ++i) good.push_back(message("a", std::to_string(i)));
    auto const places = log_->append_all(std::move(good));
    ASSERT_TRUE(places);
    EXPECT_EQ(places->size(), 3U);
    std::vector<Message> bad;
    bad.push_back(message("a", "ok"));
    bad.push_back(message("a", std::string(kMessageBytesMax + 1, 'x')));
    EXPECT_FALSE(log_->append_all(std::move(bad)));
    EXPECT_EQ(all().size(), 3U);
}

TEST_F(TelemetryLogTest, RefusesWhenTooMuchWaits) {
    options_.waiting_bytes_max = 1000;
    open();
    EXPECT_TRUE(append(message("a", std::string(500, 'x'))));
    auto const refused = append(message("a", std::string(2000, 'x')));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::Unavailable);
    EXPECT_TRUE(append(message("a", std::string(500, 'x'))));
}

TEST_F(TelemetryLogTest, DropsWhatIsOld) {
    options_.keep_for = hours(1);
    open();
    for (int i = 0; i < 3000; ++i)
        log_->append(message(fmt::format("d{}", i % 5), "old"), [](Result<MessagePlace> const&) {});
    ASSERT_TRUE(append(message("a", "old too")));
    clock_.advance(hours(2));
    ASSERT_TRUE(append(message("a", "new")));
    EXPECT_EQ(tidy_up(), 3001);
    EXPECT_EQ(all(), (std::vector<std::string>{"new"}));
    auto const states = log_->partitions();
    ASSERT_TRUE(states);
    for (auto const& state : *states) EXPECT_GE(state.first_sequence, state.last_sequence);
}

TEST_F(TelemetryLogTest, AQuietPartitionKeepsItsNewestWhenSpaceRunsOut) {
    options_.keep_bytes = 1'000'000;
    open();
    // The quiet device speaks first and last; others fill the log in between.
    auto const other = [&] {
        for (int i = 0;; ++i)
            if (auto name = fmt::format("d{}", i);
                partition_of(name, options_.partitions) != partition_of("quiet", options_.partitions))
                return name;
    }();
    ASSERT_TRUE(append(message("quiet", "first")));
    for (int i = 0; i < 2000; ++i) {
        clock_.advance(milliseconds(1));
        log_->append(message(other, std::string(1000, 'x')), [](Result<MessagePlace> const&) {});
    }
    ASSERT_TRUE(append(message(other, "all before are stored")));
    clock_.advance(milliseconds(1));
    ASSERT_TRUE(append(message("quiet", "last")));
    tidy_up();
    EXPECT_EQ(bodies(*log_->earliest(), {.device = "quiet", .module = {}, .partition = {}}),
              std::vector<std::string>{"last"});
}

TEST_F(TelemetryLogTest, StaysBelowItsSizeAndUsesSpaceAgain) {
    options_.keep_bytes = 2'000'000;
    open();
    auto const file = folder_->path() / "telemetry.db";
    std::uintmax_t after_first = 0;
    for (int round = 0; round < 6; ++round) {
        for (int i = 0; i < 1500; ++i) {
            clock_.advance(milliseconds(1));
            auto const body = fmt::format("{}-{}-{}", round, i, std::string(1000, 'x'));
            log_->append(message(fmt::format("d{}", i % 9), body), [](Result<MessagePlace> const&) {});
        }
        ASSERT_TRUE(append(message("d0", "all before are stored")));
        clock_.advance(milliseconds(1));
        ASSERT_TRUE(append(message("a", fmt::format("last of {}", round))));
        tidy_up();
        auto const used = log_->used_bytes();
        ASSERT_TRUE(used);
        EXPECT_LE(*used, 2'000'000U);
        if (round == 1) after_first = std::filesystem::file_size(file);
    }
    EXPECT_LT(std::filesystem::file_size(file), after_first + after_first / 2);
    auto const kept = bodies(*log_->earliest(), {.device = "a", .module = {}, .partition = {}});
    ASSERT_FALSE(kept.empty());
    EXPECT_EQ(kept.back(), "last of 5");
}

TEST_F(TelemetryLogTest, AReaderWaitsForMessagesThatItWants) {
    auto const start = *log_->latest();
    std::promise<std::vector<std::string>> promise;
    auto found = promise.get_future();
    log_->read_or_wait(start, {.device = "a", .module = {}, .partition = {}}, 10, hours(1),
                       [&](Result<TelemetryPage> page) {
                           std::vector<std::string> texts;
                           if (page)
                               for (auto const& stored : page->messages)
                                   texts.emplace_back(as_text(stored.body));
                           promise.set_value(std::move(texts));
                       });
    ASSERT_TRUE(append(message("b", "not this")));
    EXPECT_EQ(found.wait_for(milliseconds(0)), std::future_status::timeout);
    ASSERT_TRUE(append(message("a", "this")));
    EXPECT_EQ(found.get(), (std::vector<std::string>{"this"}));
}

TEST_F(TelemetryLogTest, AReadersPatienceEnds) {
    std::promise<Result<TelemetryPage>> promise;
    auto page = promise.get_future();
    log_->read_or_wait(*log_->latest(), {}, 10, seconds(5),
                       [&](Result<TelemetryPage> result) { promise.set_value(std::move(result)); });
    ASSERT_TRUE(log_->tidy());
    EXPECT_EQ(page.wait_for(milliseconds(0)), std::future_status::timeout);
    clock_.advance(seconds(6));
    ASSERT_TRUE(log_->tidy());
    auto const result = page.get();
    ASSERT_TRUE(result);
    EXPECT_TRUE(result->messages.empty());
}

TEST_F(TelemetryLogTest, OnlySoManyReadersWaitAndAllAreToldAtTheEnd) {
    options_.waits_max = 2;
    open();
    auto const start = *log_->latest();
    std::atomic<int> pages = 0;
    std::atomic<int> refused = 0;
    for (int i = 0; i < 3; ++i)
        log_->read_or_wait(start, {}, 10, hours(1),
                           [&](Result<TelemetryPage> page) { ++(page ? pages : refused); });
    ASSERT_TRUE(log_->latest());  // after the three
    EXPECT_EQ(refused, 1);
    EXPECT_EQ(pages, 0);
    log_.reset();
    EXPECT_EQ(pages, 2);
}

TEST_F(TelemetryLogTest, ReadersAreReleased) {
    std::atomic<int> told = 0;
    auto const start = *log_->latest();
    auto const wait = [&] {
        log_->read_or_wait(start, {}, 10, hours(1), [&](Result<TelemetryPage> const&) { ++told; });
    };
    wait();
    ASSERT_TRUE(log_->latest());
    EXPECT_EQ(told, 0);
    log_->release_readers();
    EXPECT_EQ(told, 1);
    wait();
    ASSERT_TRUE(log_->latest());
    EXPECT_EQ(told, 2);
}

/// Tells when somebody looks at it.
class WatchedClock final : public Clock {
  public:
    [[nodiscard]] Time now() const override { return time.now(); }
    [[nodiscard]] Instant instant() const override {
        if (watched) looks.release();
        return time.instant();
    }
    FakeClock time;
    std::atomic<bool> watched = false;
    mutable std::counting_semaphore<> looks{0};
};

// The thread that ends waits did so itself where the queue was full, beside the log's thread.
TEST_F(TelemetryLogTest, ReadersAreToldByTheLogsThreadAlsoWhenTheDiskCannotKeepUp) {
    WatchedClock clock;
    options_.tidy_every = hours(1000);  // looks after those who wait all the same
    auto opened = TelemetryLog::open(folder_->path() / "other.db", clock, options_);
    ASSERT_TRUE(opened) << opened.error().message;
    auto& log = **opened;
    auto const start = *log.latest();

    std::promise<std::thread::id> told;
    log.read_or_wait(start, {.device = "a", .module = {}, .partition = {}}, 10, seconds(1),
                     [&](Result<TelemetryPage> const&) { told.set_value(std::this_thread::get_id()); });
    ASSERT_TRUE(log.latest());  // after the reader

    std::promise<std::thread::id> busy;
    std::latch go_on(1);
    log.append(message("b", "slow"), [&](Result<MessagePlace> const&) {
        busy.set_value(std::this_thread::get_id());
        go_on.wait();
    });
    auto const logs_thread = busy.get_future().get();
    std::atomic<bool> full = false;
    while (!full)
        log.read_or_wait(start, {}, 1, seconds(0), [&](Result<TelemetryPage> const& page) {
            if (!page) full = true;
        });

    clock.time.advance(hours(1));
    clock.watched = true;
    for (int i = 0; i < 3; ++i) clock.looks.acquire();  // a whole turn of that thread, at least
    go_on.count_down();
    EXPECT_EQ(told.get_future().get(), logs_thread);
    clock.watched = false;
    opened->reset();
}

TEST_F(TelemetryLogTest, WhatWasHandedInIsWrittenBeforeTheEnd) {
    std::atomic<int> good = 0;
    for (int i = 0; i < 5000; ++i)
        log_->append(message("a", std::to_string(i)),
                     [&](Result<MessagePlace> const& place) { good += place ? 1 : 0; });
    log_.reset();
    EXPECT_EQ(good, 5000);
    open();
    auto const states = log_->partitions();
    ASSERT_TRUE(states);
    EXPECT_EQ((*states)[static_cast<std::size_t>(partition_of("a", 4))].last_sequence, 5000);
}

TEST_F(TelemetryLogTest, ThePartitionsAreThoseOfTheFile) {
    options_.partitions = 2;
    open();
    EXPECT_EQ(log_->partitions()->size(), 4U);
    options_.partitions = 33;
    EXPECT_FALSE(TelemetryLog::open(folder_->path() / "other.db", clock_, options_));
}

}  // namespace
}  // namespace ounce::iot
