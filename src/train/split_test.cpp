#include "train/split.hpp"

#include <gtest/gtest.h>

#include <set>

namespace ounce::train {
namespace {

TEST(GroupFolds, NeverTearsAGroupApart) {
    std::vector<int> tags;
    std::vector<int> groups;
    for (int i = 0; i < 60; ++i) {
        tags.push_back(i % 3);
        groups.push_back(i / 4);
    }
    auto const labels = one_of(tags, 3);
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
        auto const folds = group_folds(labels, groups, 5, seed);
        for (std::size_t i = 0; i < 60; ++i) EXPECT_EQ(folds[i], folds[(i / 4) * 4]);
    }
}

TEST(GroupFolds, SpreadsEachTagEvenly) {
    std::vector<int> tags(100);
    std::vector<int> groups(100, -1);
    for (std::size_t i = 0; i < 100; ++i) tags[i] = i < 90 ? 0 : 1;
    auto const folds = group_folds(one_of(tags, 2), groups, 5, 7);
    std::vector<std::vector<int>> counts(5, std::vector<int>(2));
    for (std::size_t i = 0; i < 100; ++i)
        ++counts[static_cast<std::size_t>(folds[i])][static_cast<std::size_t>(tags[i])];
    for (auto const& fold : counts) {
        EXPECT_EQ(fold[0], 18);
        EXPECT_EQ(fold[1], 2);
    }
}

TEST(GroupFolds, SameSeedSameFolds) {
    std::vector<int> const tags(30, 0);
    std::vector<int> const groups(30, -1);
    auto const labels = one_of(tags, 1);
    EXPECT_EQ(group_folds(labels, groups, 4, 1), group_folds(labels, groups, 4, 1));
    EXPECT_NE(group_folds(labels, groups, 4, 1), group_folds(labels, groups, 4, 2));
}

}  // namespace
}  // namespace ounce::train
