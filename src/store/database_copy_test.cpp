#include "store/database_copy.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "base/file.hpp"
#include "store/database.hpp"

namespace ounce::store {
namespace {

constexpr Migration kSchema[] = {{1, "CREATE TABLE entry(id INTEGER PRIMARY KEY, filling BLOB)"},
                                 {2, "CREATE TABLE sum(total INTEGER); INSERT INTO sum VALUES(0)"}};

class DatabaseCopyTest : public testing::Test {
  protected:
    Database open_shared() { return Database::open(from_, kSchema, Database::Access::Shared).value(); }
    /// Adds entries and counts them: in each state of the database the two agree.
    static Status add(Database& database, int count = 1) {
        TRY(auto transaction, Transaction::begin(database));
        for (int i = 0; i < count; ++i)
            TRY_STATUS(database.run("INSERT INTO entry(filling) VALUES(randomblob(20000))"));
        TRY_STATUS(database.run("UPDATE sum SET total=total+?", count));
        return transaction.commit();
    }

    TemporaryFolder folder_ = TemporaryFolder::create().value();
    std::filesystem::path from_ = folder_.path() / "from.db";
    std::filesystem::path to_ = folder_.path() / "to.db";
};

TEST_F(DatabaseCopyTest, HoldsOneMomentWhileAnotherConnectionWrites) {
    auto database = open_shared();
    ASSERT_TRUE(add(database, 1'500));  // several steps of the copy
    std::atomic<bool> stop = false;
    std::atomic<int> written = 0;
    std::jthread const writer([&] {
        while (!stop) {
            ASSERT_TRUE(add(database));
            ++written;
        }
    });
    while (written == 0) std::this_thread::yield();
    int steps = 0;
    auto const copied = copy_database(from_, to_, {}, [&](ProgressReport const& report) {
        ++steps;
        EXPECT_LE(report.done, report.total);
    });
    stop = true;
    ASSERT_TRUE(copied) << copied.error().message;
    EXPECT_GT(steps, 1);
    EXPECT_EQ(check_database(to_).value(), 2);
    auto copy = Database::open(to_, kSchema).value();
    auto const total = copy.count("SELECT total FROM sum").value();
    EXPECT_GT(total, 1'500);
    EXPECT_EQ(copy.count("SELECT count(*) FROM entry").value(), total);
}

TEST_F(DatabaseCopyTest, DatabaseThatNobodyHasOpenIsCopiedWithItsLog) {
    {
        auto database = open_shared();
        ASSERT_TRUE(add(database));
        // As after a kill: what was committed is still in the log beside the file.
        for (auto const* const suffix : {"", "-wal"})
            std::filesystem::copy_file(from_.string() + suffix,
                                       folder_.path() / (std::string("killed.db") + suffix));
    }
    ASSERT_TRUE(copy_database(folder_.path() / "killed.db", to_, {}, {}));
    EXPECT_EQ(Database::open(to_, kSchema).value().count("SELECT total FROM sum").value(), 1);
}

TEST_F(DatabaseCopyTest, StopLeavesNothing) {
    auto database = open_shared();
    std::stop_source source;
    source.request_stop();
    auto const copied = copy_database(from_, to_, source.get_token(), {});
    ASSERT_FALSE(copied);
    EXPECT_EQ(copied.error().code, Code::Cancelled);
    EXPECT_FALSE(std::filesystem::exists(to_));
}

TEST_F(DatabaseCopyTest, RefusesToOverwriteAndWhatIsNotThere) {
    EXPECT_EQ(copy_database(from_, to_, {}, {}).error().code, Code::NotFound);
    EXPECT_FALSE(std::filesystem::exists(from_));
    auto database = open_shared();
    ASSERT_TRUE(copy_database(from_, to_, {}, {}));
    EXPECT_EQ(copy_database(from_, to_, {}, {}).error().code, Code::AlreadyExists);
}

TEST_F(DatabaseCopyTest, DamageIsFound) {
    {
        auto database = open_shared();
        ASSERT_TRUE(add(database, 20));
    }
    ASSERT_TRUE(check_database(from_));
    {
        std::fstream file(from_, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(4096);  // the root page of `entry`
        file << std::string(2000, 'x');
    }
    EXPECT_EQ(check_database(from_).error().code, Code::DataLoss);
    std::ofstream(to_) << std::string(5000, 'x');
    EXPECT_EQ(check_database(to_).error().code, Code::DataLoss);
    EXPECT_EQ(check_database(folder_.path() / "missing").error().code, Code::NotFound);
}

}  // namespace
}  // namespace ounce::store
