#include "store/database.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "base/file.hpp"

namespace ounce::store {
namespace {

constexpr Migration kFirst[] = {
    {1, "CREATE TABLE thing(id INTEGER PRIMARY KEY, name TEXT, size REAL, raw BLOB)"}};
constexpr Migration kSecond[] = {kFirst[0], {2, "ALTER TABLE thing ADD COLUMN more INTEGER DEFAULT 7"}};

class DatabaseTest : public testing::Test {
  protected:
    TemporaryFolder folder_ = TemporaryFolder::create().value();
    std::filesystem::path path_ = folder_.path() / "things.db";
};

TEST_F(DatabaseTest, KeepsEveryKindOfValue) {
    auto database = Database::open(path_, kFirst).value();
    ASSERT_TRUE(database.run("INSERT INTO thing VALUES(?,?,?,?)", 1, "na\xffme", 2.5, Bytes{0, 1, 2}));
    ASSERT_TRUE(database.run("INSERT INTO thing VALUES(?,?,?,?)", 2, nullptr, nullptr, Bytes{}));
    auto rows = database.query("SELECT id,name,size,raw FROM thing ORDER BY id").value();
    ASSERT_TRUE(rows.step().value());
    EXPECT_EQ(rows.text(1), "na\xffme");
    EXPECT_EQ(rows.number(2), 2.5);
    EXPECT_EQ(rows.bytes(3), (Bytes{0, 1, 2}));
    ASSERT_TRUE(rows.step().value());
    EXPECT_TRUE(rows.is_null(1));
    EXPECT_FALSE(rows.is_null(3));
    EXPECT_FALSE(rows.step().value());
}

TEST_F(DatabaseTest, MigratesAndRefusesNewerSchema) {
    {
        ASSERT_TRUE(Database::open(path_, kFirst).value().run("INSERT INTO thing(id) VALUES(1)"));
    }
    {
        auto database = Database::open(path_, kSecond).value();
        EXPECT_EQ(database.count("SELECT more FROM thing").value(), 7);
    }
    auto const older = Database::open(path_, kFirst);
    ASSERT_FALSE(older);
    EXPECT_EQ(older.error().code, Code::FailedPrecondition);
}

TEST_F(DatabaseTest, UncommittedTransactionIsForgotten) {
    auto database = Database::open(path_, kFirst).value();
    {
        auto transaction = Transaction::begin(database).value();
        ASSERT_TRUE(database.run("INSERT INTO thing(id) VALUES(1)"));
    }
    EXPECT_EQ(database.count("SELECT count(*) FROM thing").value(), 0);
    auto transaction = Transaction::begin(database).value();
    ASSERT_TRUE(database.run("INSERT INTO thing(id) VALUES(1)"));
    ASSERT_TRUE(transaction.commit());
    EXPECT_EQ(database.count("SELECT count(*) FROM thing").value(), 1);
}

TEST_F(DatabaseTest, SecondHolderIsTold) {
    auto const first = Database::open(path_, kFirst).value();
    auto const second = Database::open(path_, kFirst);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Code::Unavailable);
}

TEST_F(DatabaseTest, SameStatementMayRunInsideItself) {
    auto database = Database::open(path_, kFirst).value();
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(database.run("INSERT INTO thing(id) VALUES(?)", i));
    auto outer = database.query("SELECT id FROM thing").value();
    int pairs = 0;
    while (outer.step().value()) {
        auto inner = database.query("SELECT id FROM thing").value();
        while (inner.step().value()) ++pairs;
    }
    EXPECT_EQ(pairs, 9);
}

TEST_F(DatabaseTest, FileThatIsNoDatabase) {
    std::ofstream(path_) << std::string(5000, 'x');
    auto const opened = Database::open(path_, kFirst);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Code::DataLoss);
}

TEST_F(DatabaseTest, MissingFolder) {
    auto const opened = Database::open(folder_.path() / "no" / "x.db", kFirst);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Code::PermissionDenied);
}

TEST_F(DatabaseTest, FullDatabaseIsResourceExhaustedAndKeepsWhatWas) {
    auto database = Database::open(path_, kFirst).value();
    ASSERT_TRUE(database.run("INSERT INTO thing(id,name) VALUES(1,'kept')"));
    ASSERT_TRUE(database.execute("PRAGMA max_page_count=8"));
    auto const written = database.run("INSERT INTO thing(id,raw) VALUES(2,zeroblob(1000000))");
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code, Code::ResourceExhausted);
    EXPECT_EQ(database.count("SELECT count(*) FROM thing").value(), 1);
}

}  // namespace
}  // namespace ounce::store
