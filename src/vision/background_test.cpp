#include "vision/background.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.hpp"

namespace ounce::vision {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;

Tensor noise_map(std::uint64_t seed, int channels, int rows, int columns) {
    Random random(seed);
    Tensor map{.shape = {1, channels, rows, columns}, .values = {}};
    for (std::int64_t i = 0; i < map.count(); ++i) map.values.push_back(static_cast<float>(random.unit()));
    return map;
}

CellMap cell_map(Tensor const& map) {
    auto made = make_cell_map(map);
    EXPECT_TRUE(made) << made.error().message;
    return std::move(made).value();
}

TEST(MakeCellMap, PutsTheChannelsOfACellTogether) {
    auto const map = cell_map({.shape = {1, 2, 1, 3}, .values = {1, 2, 3, 10, 20, 30}});
    EXPECT_THAT(map.values, ElementsAre(1, 10, 2, 20, 3, 30));
    EXPECT_EQ(map.columns, 3);
    EXPECT_EQ(map.rows, 1);
}

TEST(MakeCellMap, RefusesOtherShapes) {
    EXPECT_FALSE(make_cell_map({.shape = {2, 2, 1, 3}, .values = std::vector<float>(12)}));
    EXPECT_FALSE(make_cell_map({.shape = {1, 2, 1, 3}, .values = std::vector<float>(5)}));
    EXPECT_FALSE(make_cell_map({.shape = {1, 0, 1, 3}, .values = {}}));
}

TEST(CellDistances, AgreeWithTheDefinition) {
    // 37 channels: not a multiple of what the fast loop takes at once.
    auto const a = cell_map(noise_map(1, 37, 3, 2));
    auto const b = cell_map(noise_map(2, 37, 3, 2));
    auto const distances = cell_distances(a, b);
    ASSERT_EQ(distances.size(), 6U);
    for (std::size_t i = 0; i < distances.size(); ++i) {
        double product = 0;
        double aa = 0;
        double bb = 0;
        for (std::size_t j = 0; j < 37; ++j) {
            product += a.cell(i)[j] * b.cell(i)[j];
            aa += a.cell(i)[j] * a.cell(i)[j];
            bb += b.cell(i)[j] * b.cell(i)[j];
        }
        EXPECT_NEAR(distances[i], 1 - product / std::sqrt(aa * bb), 1e-6);
    }
    EXPECT_EQ(distances, cell_distances(b, a));
}

TEST(CellDistances, DoNotChangeWithBrightness) {
    auto const map = noise_map(3, 64, 2, 2);
    auto bright = map;
    for (auto& value : bright.values) value *= 3;
    for (auto const distance : cell_distances(cell_map(map), cell_map(bright)))
        EXPECT_NEAR(distance, 0, 1e-5);
}

TEST(BackgroundDistance, TakesTheMostSimilarOfFewNeighbours) {
    std::vector<float> const a{0.5F, 0.1F, -0.01F};
    std::vector<float> const b{0.2F, 0.4F, 0.1F};
    std::vector<std::vector<float> const*> const both{&a, &b};
    EXPECT_THAT(background_distance(both), ElementsAre(0.2F, 0.1F, 0.0F));
}

TEST(BackgroundDistance, LetsOneOfEightNeighboursHoldTheAnimalToo) {
    std::vector<std::vector<float>> neighbours(8, {0.6F});
    neighbours[3] = {0.0F};
    std::vector<std::vector<float> const*> all;
    for (auto const& neighbour : neighbours) all.push_back(&neighbour);
    EXPECT_THAT(background_distance(all), ElementsAre(0.6F));
    all.pop_back();
    EXPECT_THAT(background_distance(all), ElementsAre(0.0F));
}

TEST(ExcessDistance, TakesAwayTheLowerQuartileOfTheNeighbours) {
    std::vector<float> const own{1, 1};
    std::vector<float> const a{0.1F, 0.5F};
    std::vector<float> const b{0.2F, 0.5F};
    std::vector<float> const c{0.9F, 0.5F};
    std::vector<std::vector<float> const*> const three{&c, &b, &a};
    // Sorted 0.1 0.2 0.9; position 0.5 lies half way between the first two.
    EXPECT_THAT(excess_distance(own, three), ElementsAre(FloatNear(0.85F, 1e-6F), FloatNear(0.5F, 1e-6F)));
    EXPECT_THAT(excess_distance(own, {}), ElementsAre(1, 1));
}

TEST(ChangedFeatures, WeighCellsByTheSquareOfTheirDistanceAndLeaveOutThePlace) {
    // Two channels, three cells: (1, 0), (0, 1), (0, 5).
    auto const map = cell_map({.shape = {1, 2, 1, 3}, .values = {1, 0, 0, 0, 1, 5}});
    auto const features = changed_features(map, std::vector<float>{0, 1, 2}, 3);
    double const a = 0 - 1.0 / 3;
    double const b = (1.0 + 4 * 5) / 5 - 2;
    double const length = std::sqrt(a * a + b * b);
    EXPECT_THAT(features, ElementsAre(FloatNear(static_cast<float>(a / length), 1e-5F),
                                      FloatNear(static_cast<float>(b / length), 1e-5F)));
}

TEST(ChangedFeatures, TakeTheLargestOfFinerCells) {
    auto const map = cell_map({.shape = {1, 2, 1, 2}, .values = {1, 0, 0, 1}});
    std::vector<float> const fine{0.1F, 0,    0, 0,  //
                                  0,    0.5F, 0, 0.2F};
    EXPECT_EQ(changed_features(map, fine, 4), changed_features(map, std::vector<float>{0.5F, 0.2F}, 2));
}

TEST(ChangedFeatures, AreZeroWhereNothingChanged) {
    auto const map = cell_map({.shape = {1, 1, 1, 2}, .values = {10, 20}});
    EXPECT_THAT(changed_features(map, std::vector<float>{0, 0}, 2), ElementsAre(0));
}

TEST(ChangeScore, IsTheLargestExcess) {
    EXPECT_EQ(change_score(std::vector<float>{-0.1F, 0.5F, 0.2F}), 0.5F);
}

TEST(ChangeBox, JoinsTheCellsAroundThePeak) {
    std::vector<float> const excess{
        0,    0,    0,    0, 0.8F,  // the last is strong, but apart
        0,    0.6F, 0,    0, 0,     //
        0,    0,    1,    0, 0,     //
        0.2F, 0,    0.5F, 0, 0,     // 0.2 is joined by nothing
    };
    auto const box = change_box(excess, 5, 4);
    EXPECT_DOUBLE_EQ(box.x, 1.0 / 5);
    EXPECT_DOUBLE_EQ(box.y, 1.0 / 4);
    EXPECT_DOUBLE_EQ(box.width, 2.0 / 5);
    EXPECT_DOUBLE_EQ(box.height, 3.0 / 4);
}

TEST(ChangeBox, IsOneCellWhereNothingStandsOut) {
    auto const box = change_box(std::vector<float>{-1, -1, -1, -1}, 2, 2);
    EXPECT_DOUBLE_EQ(box.width, 0.5);
    EXPECT_DOUBLE_EQ(box.height, 0.5);
}

}  // namespace
}  // namespace ounce::vision
