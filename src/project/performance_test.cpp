#include "project/performance.hpp"

#include <gtest/gtest.h>

#include "project/answer.hpp"

namespace ounce::project {
namespace {

Tag tag(std::string name, TagType type = TagType::Regular) {
    return {Guid::random(), std::move(name), std::nullopt, type, 0};
}

TEST(Performance, IsCountedAtTheThreshold) {
    Tag const tags[] = {tag("a"), tag("b")};
    MeasuredImage const images[] = {
        {0, {0}, {0.9F, 0.1F}},  // right
        {0, {0}, {0.4F, 0.6F}},  // a missed, b called for nothing
        {1, {1}, {0.3F, 0.7F}},  // right
        {1, {1}, {0.45F, 0.55F}},
    };
    auto const at_half = measure(tags, images, 0.5);
    EXPECT_DOUBLE_EQ(at_half.tags[0].precision, 1);
    EXPECT_DOUBLE_EQ(at_half.tags[0].recall, 0.5);
    EXPECT_DOUBLE_EQ(at_half.tags[1].precision, 2.0 / 3);
    EXPECT_DOUBLE_EQ(at_half.tags[1].recall, 1);
    EXPECT_DOUBLE_EQ(at_half.all.precision, 0.75);
    EXPECT_DOUBLE_EQ(at_half.all.recall, 0.75);
    EXPECT_DOUBLE_EQ(at_half.all.recall_deviation, 0.25) << "one part has 0.5, the other 1";
    auto const high = measure(tags, images, 0.8);
    EXPECT_DOUBLE_EQ(high.tags[1].recall, 0);
    EXPECT_DOUBLE_EQ(high.tags[1].precision, 0) << "never called";
    EXPECT_EQ(high.all.average_precision, at_half.all.average_precision);
}

TEST(Performance, OfNothingIsNothing) {
    Tag const tags[] = {tag("a")};
    auto const none = measure(tags, {}, 0.5);
    EXPECT_EQ(none.all.precision, 0);
    EXPECT_FALSE(none.all.average_precision);
}

TEST(ByPlace, ANegativeTagOfAMultilabelModelIsThatNothingIsThere) {
    Tag const tags[] = {tag("none", TagType::Negative), tag("b"), tag("a"), tag("later")};
    std::vector<vision::PackageTag> const known{{.name = "a"}, {.name = "b"}};
    float const probabilities[] = {0.5F, 0.2F};
    auto const placed = by_place(probabilities, known, tags);
    EXPECT_FLOAT_EQ(placed[0], 0.4F);
    EXPECT_FLOAT_EQ(placed[1], 0.2F);
    EXPECT_FLOAT_EQ(placed[2], 0.5F);
    EXPECT_FLOAT_EQ(placed[3], 0);
}

}  // namespace
}  // namespace ounce::project
