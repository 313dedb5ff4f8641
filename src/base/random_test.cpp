#include "base/random.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace ounce {
namespace {

TEST(Random, IsTheSameForTheSameSeed) {
    Random a(7);
    Random b(7);
    std::vector<int> x{1, 2, 3, 4, 5, 6, 7, 8};
    auto y = x;
    a.shuffle(std::span(x));
    b.shuffle(std::span(y));
    EXPECT_EQ(x, y);
    EXPECT_THAT(x, ::testing::UnorderedElementsAre(1, 2, 3, 4, 5, 6, 7, 8));
}

TEST(Random, StaysInRange) {
    Random random(1);
    for (int i = 0; i < 1000; ++i) {
        EXPECT_LT(random.below(3), 3U);
        auto const unit = random.unit();
        EXPECT_GE(unit, 0.0);
        EXPECT_LT(unit, 1.0);
    }
}

}  // namespace
}  // namespace ounce
