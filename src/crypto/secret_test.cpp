#include "crypto/secret.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <ostream>
#include <type_traits>
#include <utility>

namespace ounce::crypto {
namespace {

TEST(Secret, RandomBytesDiffer) {
    auto const first = random_bytes(32).value();
    auto const second = random_bytes(32).value();
    EXPECT_EQ(first.size(), 32U);
    EXPECT_NE(first, second);
    EXPECT_TRUE(random_bytes(0).value().empty());
}

TEST(Secret, EqualityLooksAtAllOfBoth) {
    EXPECT_TRUE(equal_in_constant_time("", ""));
    EXPECT_TRUE(equal_in_constant_time("abc", "abc"));
    EXPECT_FALSE(equal_in_constant_time("abc", "abd"));
    EXPECT_FALSE(equal_in_constant_time("abc", "Abc"));
    EXPECT_FALSE(equal_in_constant_time("abc", "ab"));
    EXPECT_FALSE(equal_in_constant_time("", "a"));
}

TEST(Secret, CopiesAndMovesKeepTheValueAndLeaveNothingBehind) {
    Secret first(Bytes{1, 2, 3});
    Secret copy = first;
    Secret moved = std::move(first);
    EXPECT_EQ(to_hex(copy.bytes()), "010203");
    EXPECT_EQ(to_hex(moved.bytes()), "010203");
    Secret target(Bytes{9});
    target = copy;
    EXPECT_EQ(to_hex(target.bytes()), "010203");
    target = std::move(copy);
    EXPECT_EQ(to_hex(target.bytes()), "010203");
    EXPECT_TRUE(copy.bytes().empty());  // NOLINT(bugprone-use-after-move): that is what is looked at
}

TEST(Secret, CannotBeFormattedOrCompared) {
    EXPECT_FALSE(fmt::is_formattable<Secret>::value);
    EXPECT_FALSE((std::is_convertible_v<Secret, Bytes>));
}

}  // namespace
}  // namespace ounce::crypto
