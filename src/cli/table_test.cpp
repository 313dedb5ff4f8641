#include "cli/table.hpp"

#include <gtest/gtest.h>

namespace ounce::cli {
namespace {

TEST(Table, AlignsWordsLeftAndNumbersRight) {
    EXPECT_EQ(table({{"NAME", "COUNT", "NOTE"}, {"käfer", "7", "x"}, {"leopard", "120", ""}}),
              "NAME     COUNT  NOTE\n"
              "käfer        7  x\n"
              "leopard    120\n");
}

TEST(Table, ShortRowsAndControlCharactersDoNoHarm) {
    EXPECT_EQ(table({{"A", "B"}, {"x\ny"}}), "A    B\nx?y\n");
    EXPECT_EQ(table({}), "");
}

}  // namespace
}  // namespace ounce::cli
