#include "trap/held_out.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ounce::trap {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::SizeIs;

std::vector<ScoredTag> const kTags{{.name = "leopard"},
                                   {.name = "empty", .threshold = 0.5, .negative = true}};

std::vector<double> scores(char const* json, int target = 0, bool gated = true) {
    auto const parsed = parse_json(json);
    EXPECT_TRUE(parsed) << parsed.error().message;
    auto const made = held_out_scores(*parsed, kTags, true, gated, Voting::MeanLogit, target);
    EXPECT_TRUE(made) << made.error().message;
    return made.value_or(std::vector<double>{});
}

TEST(HeldOutScores, PicturesOfOneEventVoteTogether) {
    EXPECT_THAT(scores(R"([
        {"event": "a", "tag": "leopard", "gate": 0.9, "probabilities": [0.9, 0.1]},
        {"event": "a", "tag": "empty", "gate": 0.1, "probabilities": [0.1, 0.9]},
        {"event": "b", "tag": "empty", "gate": 0.8, "probabilities": [0.8, 0.2]}])"),
                ElementsAre(DoubleNear(0.9, 1e-6)));
}

TEST(HeldOutScores, PicturesWithoutEventOrGroupStandAlone) {
    // Not all of them as one: then one sure picture would speak for all.
    EXPECT_THAT(scores(R"([
        {"tag": "leopard", "gate": 0.9, "probabilities": [0.9, 0.1]},
        {"tag": "leopard", "gate": 0.2, "probabilities": [0.2, 0.8]}])"),
                ::testing::UnorderedElementsAre(DoubleNear(0.9, 1e-6), DoubleNear(0.2, 1e-6)));
}

TEST(HeldOutScores, OneOfEachGroupIsDrawnWhereEventsAreNotKnown) {
    EXPECT_THAT(scores(R"([
        {"group": "1", "tag": "leopard", "gate": 0.9, "probabilities": [0.9, 0.1]},
        {"group": "1", "tag": "leopard", "gate": 0.8, "probabilities": [0.8, 0.2]},
        {"group": "1", "tag": "empty", "gate": 0.7, "probabilities": [0.7, 0.3]},
        {"group": "2", "tag": ["leopard"], "gate": 0.6, "probabilities": [0.6, 0.4]}])"),
                SizeIs(2));
}

TEST(HeldOutScores, TheGateFollowsFromTheTagsWhereItIsNotStated) {
    EXPECT_THAT(scores(R"([{"tag": "leopard", "probabilities": [0.7, 0.3]}])", -1, false),
                ElementsAre(DoubleNear(0.7, 1e-6)));
}

TEST(HeldOutScores, SaysWhereTheListIsMalformed) {
    for (auto const* const json : {"{}", "[1]", R"([{"tag": "leopard", "probabilities": [0.7]}])",
                                   R"([{"tag": "leopard", "probabilities": "x"}])"}) {
        auto const parsed = parse_json(json);
        ASSERT_TRUE(parsed);
        auto const made = held_out_scores(*parsed, kTags, true, false, Voting::MeanLogit, 0);
        ASSERT_FALSE(made) << json;
        EXPECT_EQ(made.error().code, Code::InvalidArgument);
    }
}

}  // namespace
}  // namespace ounce::trap
