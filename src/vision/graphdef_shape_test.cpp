#include "vision/graphdef_shape.hpp"

#include <gtest/gtest.h>

namespace ounce::vision::graphdef {
namespace {

Side const kBatch{1, true};

TEST(Place, PadsTheOddCellAfter) {
    // The pools of the real models: 3 wide, stride 2, 56 -> 28.
    auto const placed = place(56, {3, 2, 1}, Padding::Same);
    ASSERT_TRUE(placed);
    EXPECT_EQ(placed->before, 0);
    EXPECT_EQ(placed->after, 1);
    EXPECT_EQ(placed->windows, 28);
    EXPECT_EQ(place(227, {3, 2, 1}, Padding::Valid)->windows, 113);
    EXPECT_EQ(place(7, {3, 1, 2}, Padding::Same)->before, 2);
    EXPECT_EQ(place(3, {2, 3, 1}, Padding::Same)->windows, 1);
    EXPECT_EQ(place(5, {3, 1, 1}, Padding::Explicit, {.before = 1, .after = 2, .windows = 0})->windows, 6);
}

TEST(Place, RefusesWindowsThatDoNotFit) {
    EXPECT_EQ(place(2, {3, 1, 1}, Padding::Valid).error().code, Code::DataLoss);
    for (auto const& window : {Window{0, 1, 1}, Window{1, 0, 1}, Window{1, 1, 0}, Window{INT64_MAX, 1, 1},
                               Window{1, -1, 1}, Window{3, 1, INT64_MAX}})
        EXPECT_EQ(place(8, window, Padding::Same).error().code, Code::DataLoss);
    EXPECT_EQ(place(8, {1, 1, 1}, Padding::Explicit, {.before = -1, .after = 0, .windows = 0}).error().code,
              Code::DataLoss);
}

TEST(Reshape, FindsTheOpenSide) {
    EXPECT_EQ(*reshape({kBatch, {2}, {3}}, {{-1}, {6}}), (Shape{kBatch, {6}}));
    EXPECT_EQ(*reshape({kBatch, {2}, {3}}, {kBatch, {-1}}), (Shape{kBatch, {6}}));
    EXPECT_EQ(*reshape({kBatch, {2}, {3}}, {{-1}, {3}}), (Shape{{2, true}, {3}}));
    EXPECT_EQ(*reshape({{4}, {3}}, {{2}, {-1}}), (Shape{{2}, {6}}));
    EXPECT_EQ(*reshape({{2, true}, {3}}, {kBatch, {6}}), (Shape{kBatch, {6}}));
}

TEST(Reshape, RefusesCountsThatDoNotFit) {
    for (auto const& to : {Shape{{-1}, {4}}, Shape{{-1}, {-1}}, Shape{{6}}, Shape{kBatch, {5}},
                           Shape{{0}, {-1}}, Shape{{-2}, {3}}})
        EXPECT_FALSE(reshape({kBatch, {2}, {3}}, to));
    EXPECT_FALSE(reshape({{4}}, {kBatch, {-1}}));
}

TEST(Broadcast, LinesUpTheLastSides) {
    EXPECT_EQ(*broadcast({kBatch, {5}, {3}}, {{3}}), (Shape{kBatch, {5}, {3}}));
    EXPECT_EQ(*broadcast({{1}, {3}}, {kBatch, {5}, {1}}), (Shape{kBatch, {5}, {3}}));
    EXPECT_FALSE(broadcast({kBatch, {5}}, {{4}, {5}}));
    EXPECT_FALSE(broadcast({{2}}, {{3}}));
}

TEST(Count, HasABound) {
    EXPECT_EQ(count({kBatch, {65'536}, {65'536}}).error().code, Code::ResourceExhausted);
    EXPECT_EQ(count({kBatch, {INT64_MAX}, {INT64_MAX}}).error().code, Code::ResourceExhausted);
    EXPECT_EQ(count({kBatch, kBatch}).error().code, Code::Unimplemented);
    EXPECT_EQ(count(Shape(9, Side{1})).error().code, Code::ResourceExhausted);
    EXPECT_EQ(count({{0}}).error().code, Code::DataLoss);
}

}  // namespace
}  // namespace ounce::vision::graphdef
