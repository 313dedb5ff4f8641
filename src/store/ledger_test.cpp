#include "store/ledger.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>

#include "base/file.hpp"

namespace ounce::store {
namespace {

constexpr Migration kSchema[] = {
    {1, "CREATE TABLE note(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT"}};

class LedgerTest : public ::testing::Test {
  protected:
    void SetUp() override {
        auto folder = TemporaryFolder::create();
        ASSERT_TRUE(folder);
        folder_ = std::make_unique<TemporaryFolder>(std::move(*folder));
        open();
    }
    void open(Ledger::Options options = {}) {
        ledger_.reset();
        auto ledger = Ledger::open(folder_->path() / "notes.db", kSchema, options);
        ASSERT_TRUE(ledger) << ledger.error().message;
        ledger_ = std::move(*ledger);
    }
    static Result<std::int64_t> add(Database& database, std::string const& text) {
        TRY_STATUS(database.run("INSERT INTO note(text) VALUES(?)", text));
        return database.last_id();
    }
    std::int64_t count() {
        auto const rows =
            ledger_->run([](Database& database) { return database.count("SELECT count(*) FROM note"); });
        return rows ? *rows : -1;
    }

    std::unique_ptr<TemporaryFolder> folder_;
    std::unique_ptr<Ledger> ledger_;
};

TEST_F(LedgerTest, WhatIsToldIsThereAfterReopening) {
    auto const id = ledger_->run([](Database& database) { return add(database, "a"); });
    ASSERT_TRUE(id) << id.error().message;
    open();
    EXPECT_EQ(count(), 1);
}

TEST_F(LedgerTest, AFailingPieceUndoesOnlyItself) {
    std::latch all(3);
    std::atomic<int> good = 0;
    for (auto const* const text : {"a", "a", "b"})
        ledger_->post<std::int64_t>(
            [text](Database& database) -> Result<std::int64_t> {
                TRY_STATUS(database.run("INSERT INTO note(text) VALUES(?)", std::string(text) + "-before"));
                return add(database, text);
            },
            [&](Result<std::int64_t> result) {
                good += result.has_value() ? 1 : 0;
                all.count_down();
            });
    all.wait();
    EXPECT_EQ(good, 2);
    EXPECT_EQ(count(), 4);
}

TEST_F(LedgerTest, RefusesWhenTooMuchWaits) {
    open({.queue_max = 2, .group_max = 1});
    std::latch started(1), go(1), done(3);
    auto const told = [&](Result<std::int64_t>) { done.count_down(); };
    ledger_->post<std::int64_t>(
        [&](Database&) -> Result<std::int64_t> {
            started.count_down();
            go.wait();
            return 0;
        },
        told);
    started.wait();
    for (auto const* const text : {"a", "b"})
        ledger_->post<std::int64_t>([text](Database& database) { return add(database, text); }, told);
    auto const refused = ledger_->run([](Database& database) { return add(database, "c"); });
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::Unavailable);
    go.count_down();
    done.wait();
    EXPECT_EQ(count(), 2);
}

TEST_F(LedgerTest, AFullDiskFailsTheGroupAndTheNextOneIsTriedAnew) {
    ASSERT_TRUE(ledger_->run([](Database& database) { return database.count("PRAGMA max_page_count=8"); }));
    auto const large =
        ledger_->run([](Database& database) { return add(database, std::string(100'000, 'x')); });
    ASSERT_FALSE(large);
    EXPECT_EQ(large.error().code, Code::ResourceExhausted);
    EXPECT_TRUE(ledger_->run([](Database& database) { return add(database, "small"); }));
    EXPECT_EQ(count(), 1);
}

TEST_F(LedgerTest, AnotherProcessMayReadMeanwhile) {
    ASSERT_TRUE(ledger_->run([](Database& database) { return add(database, "a"); }));
    auto reader = Database::open(folder_->path() / "notes.db", kSchema, Database::Access::Shared);
    ASSERT_TRUE(reader) << reader.error().message;
    auto const rows = reader->count("SELECT count(*) FROM note");
    ASSERT_TRUE(rows);
    EXPECT_EQ(*rows, 1);
}

}  // namespace
}  // namespace ounce::store
