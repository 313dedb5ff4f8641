#include "train/roc.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace ounce::train {
namespace {

double area(std::vector<double> const& scores, std::vector<std::uint8_t> const& positive) {
    return area_under_roc(scores, positive);
}

TEST(AreaUnderRoc, IsOneWhereAllPositivesScoreHigher) {
    EXPECT_DOUBLE_EQ(area({0.1, 0.9, 0.2, 0.8}, {0, 1, 0, 1}), 1);
    EXPECT_DOUBLE_EQ(area({0.1, 0.9, 0.2, 0.8}, {1, 0, 1, 0}), 0);
}

TEST(AreaUnderRoc, CountsTiesHalf) {
    EXPECT_DOUBLE_EQ(area({0.5, 0.5}, {0, 1}), 0.5);
    EXPECT_DOUBLE_EQ(area({1, 2, 2, 3}, {0, 0, 1, 1}), 3.5 / 4);
}

TEST(AreaUnderRoc, IsEvenWithoutBothKinds) {
    EXPECT_DOUBLE_EQ(area({1, 2}, {1, 1}), 0.5);
    EXPECT_DOUBLE_EQ(area({}, {}), 0.5);
}

}  // namespace
}  // namespace ounce::train
