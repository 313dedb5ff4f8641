#include "base/csv.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ounce {
namespace {

using ::testing::ElementsAre;

TEST(ParseCsv, ReadsQuotedFieldsWithCommasQuotesAndLineEnds) {
    auto const table = parse_csv("a,b\r\n\"x, \"\"y\"\"\",\"two\nlines\"\n");
    ASSERT_TRUE(table) << table.error().message;
    EXPECT_THAT(table->header, ElementsAre("a", "b"));
    ASSERT_EQ(table->rows.size(), 1U);
    EXPECT_THAT(table->rows[0], ElementsAre("x, \"y\"", "two\nlines"));
}

TEST(ParseCsv, SkipsByteOrderMarkAndEmptyLines) {
    auto const table = parse_csv("\xEF\xBB\xBFpath,tag\n\n1.jpg,cat\n\n");
    ASSERT_TRUE(table);
    EXPECT_EQ(table->find_column("path"), 0);
    EXPECT_EQ(table->find_column("group"), -1);
    EXPECT_EQ(table->rows.size(), 1U);
}

TEST(ParseCsv, KeepsATrailingEmptyField) {
    auto const table = parse_csv("a,b\n1,\n");
    ASSERT_TRUE(table);
    EXPECT_THAT(table->rows[0], ElementsAre("1", ""));
}

TEST(ParseCsv, NamesTheLineOfARaggedRow) {
    auto const table = parse_csv("a,b\n1,2\n1,2,3\n");
    ASSERT_FALSE(table);
    EXPECT_THAT(table.error().message, ::testing::HasSubstr("line 3"));
}

TEST(ParseCsv, RefusesAQuoteThatNeverEnds) {
    EXPECT_FALSE(parse_csv("a\n\"open\n"));
}

TEST(CsvLine, RoundTrips) {
    std::vector<std::string> const fields{"plain", "a,b", "say \"x\"", "two\nlines", ""};
    auto const table = parse_csv("1,2,3,4,5\n" + csv_line(fields));
    ASSERT_TRUE(table);
    EXPECT_EQ(table->rows[0], fields);
}

}  // namespace
}  // namespace ounce
