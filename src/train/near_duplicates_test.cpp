#include "train/near_duplicates.hpp"

#include <gtest/gtest.h>

#include <bit>

#include "base/random.hpp"
#include "vision/recipe.hpp"

namespace ounce::train {
namespace {

vision::Image blobs(std::uint64_t seed) {
    Random random(seed);
    auto image = vision::make_image(12, 9);
    for (auto& value : image.rgb) value = static_cast<std::uint8_t>(random.below(256));
    return vision::resized(image, 320, 240, vision::Recipe::Filter::Triangle);
}

TEST(DifferenceHash, HardlyChangesWhenScaledAndBrightened) {
    auto const picture = blobs(1);
    auto changed = vision::resized(picture, 200, 150, vision::Recipe::Filter::Triangle);
    for (auto& value : changed.rgb) value = static_cast<std::uint8_t>(value * 9 / 10);
    EXPECT_LE(std::popcount(difference_hash(picture) ^ difference_hash(changed)), 3);
    EXPECT_GT(std::popcount(difference_hash(picture) ^ difference_hash(blobs(2))), 10);
}

TEST(FindNearDuplicates, FindsAllPairsWithinThreeBits) {
    std::vector<std::uint64_t> const hashes{0xfedcba9876543210, 0x0123456789abcdef,
                                            0xfedcba9876543210 ^ (1ULL << 63 | 1ULL << 20 | 1ULL << 3),
                                            0xfedcba9876543210 ^ 0xfULL};
    Matrix features(4, 2);
    features.values = {1, 1, 1, 1, 1, 1.01F, 1, 1};
    auto const pairs = find_near_duplicates(hashes, features);
    ASSERT_EQ(pairs.size(), 1U);
    EXPECT_EQ(pairs[0].first, 0U);
    EXPECT_EQ(pairs[0].second, 2U);
}

TEST(FindNearDuplicates, OtherFeaturesAreAnotherPicture) {
    std::vector<std::uint64_t> const hashes{5, 5};
    Matrix features(2, 2);
    features.values = {1, 0, 0, 1};
    EXPECT_TRUE(find_near_duplicates(hashes, features).empty());
}

TEST(FindNearDuplicates, ACardOfEqualFramesStaysBoundedAndBecomesOneGroup) {
    std::vector<std::uint64_t> const hashes(3000, 42);
    Matrix features(3000, 1);
    for (auto& value : features.values) value = 1;
    auto const pairs = find_near_duplicates(hashes, features);
    EXPECT_LE(pairs.size(), 3000U * 64U);
    auto const groups = merged_groups(std::vector<int>(3000, -1), pairs);
    for (int const group : groups) EXPECT_EQ(group, groups[0]);
}

TEST(MergedGroups, JoinsWholeGroups) {
    std::vector<NearDuplicate> const pairs{{0, 3, 1.0}};
    auto const groups = merged_groups(std::vector<int>{7, 7, -1, 9, 9, -1}, pairs);
    EXPECT_EQ(groups[0], groups[4]);
    EXPECT_EQ(groups[1], groups[3]);
    EXPECT_NE(groups[2], groups[5]);
    EXPECT_NE(groups[2], groups[0]);
}

}  // namespace
}  // namespace ounce::train
