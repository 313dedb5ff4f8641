#include "store/sqlite_error.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <memory>

namespace ounce::store {
namespace {

/// The steps of a copy tell their failure by a code alone: a full disk was "not an error" to whoever made a
/// backup.
TEST(SqliteFailure, ACodeWithoutWordsGetsSqlitesOwn) {
    sqlite3* raw = nullptr;
    ASSERT_EQ(sqlite3_open(":memory:", &raw), SQLITE_OK);
    std::unique_ptr<sqlite3, decltype(&sqlite3_close)> const handle(raw, sqlite3_close);
    Status const failed = sqlite_failure(raw, "copy.db", SQLITE_FULL);
    EXPECT_EQ(failed.error().code, Code::ResourceExhausted);
    EXPECT_EQ(failed.error().message,
              "copy.db: database or disk is full; free some space on that disk and run again");
}

}  // namespace
}  // namespace ounce::store
