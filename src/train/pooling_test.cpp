#include "train/pooling.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ounce::train {
namespace {

using testing::ElementsAre;

TEST(PoolAll, TakesMeanMaximumAndTheStrongestTenth) {
    std::vector<float> map(40, 1);  // 2 channels of 20 cells: the strongest tenth is 2 cells
    map[3] = 5;
    map[17] = 3;
    map[25] = -8;
    EXPECT_THAT(pool_all(map, 2),
                ElementsAre(testing::FloatEq(26.0F / 20), testing::FloatEq(11.0F / 20), 5, 1, 4, 1));
}

TEST(PickPooling, TakesTheRightParts) {
    std::vector<float> const pooled{1, 2, 3, 4, 5, 6};
    EXPECT_THAT(pick_pooling(pooled, Pooling::Average), ElementsAre(1, 2));
    EXPECT_THAT(pick_pooling(pooled, Pooling::Maximum), ElementsAre(3, 4));
    EXPECT_THAT(pick_pooling(pooled, Pooling::Top), ElementsAre(5, 6));
    EXPECT_THAT(pick_pooling(pooled, Pooling::AverageMaximum), ElementsAre(1, 2, 3, 4));
}

TEST(FindPooling, KnowsItsNames) {
    EXPECT_EQ(find_pooling("topk"), Pooling::Top);
    EXPECT_FALSE(find_pooling("median"));
}

TEST(TopCells, IsATenthAndAtLeastOne) {
    EXPECT_EQ(top_cells(1), 1U);
    EXPECT_EQ(top_cells(49), 5U);
    EXPECT_EQ(top_cells(400), 40U);
}

}  // namespace
}  // namespace ounce::train
