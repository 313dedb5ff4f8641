#include "train/evaluation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ounce::train {
namespace {

using testing::ElementsAre;

TEST(Share, WilsonAgreesWithPublishedExamples) {
    // 81 of 263 (Newcombe 1998, table I, method 3): .2553 to .3662.
    auto const s = share(81, 263);
    EXPECT_NEAR(s.low, 0.2553, 1e-4);
    EXPECT_NEAR(s.high, 0.3662, 1e-4);
    EXPECT_NEAR(share(0, 20).high, 0.1611, 1e-4);
    EXPECT_EQ(share(0, 0).of, 0U);
}

TEST(AveragePrecision, MatchesHandWorkedCases) {
    std::vector<double> const scores{.9, .8, .7, .6};
    EXPECT_NEAR(*average_precision(scores, std::vector<std::uint8_t>{1, 0, 1, 0}), (1.0 + 2.0 / 3) / 2,
                1e-12);
    EXPECT_NEAR(*average_precision(std::vector<double>(4, 0.5), std::vector<std::uint8_t>{1, 0, 0, 0}), 0.25,
                1e-12);
    EXPECT_FALSE(average_precision(scores, std::vector<std::uint8_t>{0, 0, 0, 0}));
}

struct Case {
    Matrix probabilities;
    Labels labels;
    EvaluationInput input;
};

TEST(Evaluate, CountsAndPointsAtThePicturesBehindThem) {
    Matrix p(5, 3);
    p.values = {.9F,  .05F, .05F,  // fox, right
                .2F,  .7F,  .1F,   // fox, called bear
                .1F,  .85F, .05F,  // bear, right
                .05F, .05F, .9F,   // bear, called empty: firmly
                .6F,  .1F,  .3F};  // empty, called fox
    auto const labels = one_of(std::vector<int>{0, 0, 1, 1, 2}, 3);
    EvaluationInput input;
    input.tags = {{"fox", .5, false}, {"bear", .5, false}, {"empty", .5, true}};
    input.probabilities = &p;
    input.labels = &labels;
    auto const e = evaluate(input);
    EXPECT_NEAR(e.accuracy.value, 0.4, 1e-12);
    EXPECT_NEAR(e.tags[0].precision.value, 0.5, 1e-12);
    EXPECT_THAT(e.tags[0].false_alarms, ElementsAre(4));
    EXPECT_THAT(e.tags[0].misses, ElementsAre(1));
    EXPECT_THAT(e.tags[1].misses, ElementsAre(3));
    EXPECT_THAT(e.confusion[1], ElementsAre(0, 1, 1));
    EXPECT_NEAR(e.balanced.value, (0.5 + 0.5 + 0) / 3, 1e-12);
    ASSERT_EQ(e.label_doubts.size(), 1U);
    EXPECT_EQ(e.label_doubts[0].picture, 3U);
    EXPECT_EQ(e.label_doubts[0].answered, "empty");
    ASSERT_TRUE(e.gate);
    EXPECT_NEAR(e.gate->missed.value, 0.25, 1e-12);
    EXPECT_NEAR(e.gate->false_alarms_per_1000, 1000, 1e-9);

    std::vector<std::string> const names{"a", "b", "c", "d", "e"};
    auto const json = to_json(e, input, names);
    EXPECT_EQ(json["tags"][1]["misses"][0]["path"], "d");
}

TEST(Evaluate, MultilabelTakesEachTagAlone) {
    Matrix p(2, 2);
    p.values = {.9F, .9F, .2F, .1F};
    Labels labels{2, {1, 1, 0, 1}};
    EvaluationInput input;
    input.kind = vision::Kind::Multilabel;
    input.tags = {{"a", .5, false}, {"b", .5, false}};
    input.probabilities = &p;
    input.labels = &labels;
    auto const e = evaluate(input);
    EXPECT_NEAR(e.accuracy.value, 0.5, 1e-12);
    EXPECT_NEAR(e.tags[1].recall.value, 0.5, 1e-12);
    EXPECT_TRUE(e.confusion.empty());
}

TEST(Evaluate, PerfectlyClaimedProbabilitiesHaveNoCalibrationError) {
    Matrix p(10, 2);
    std::vector<int> tags;
    for (std::size_t i = 0; i < 10; ++i) {
        p.row(i)[0] = 0.7F;
        p.row(i)[1] = 0.3F;
        tags.push_back(i < 7 ? 0 : 1);
    }
    auto const labels = one_of(tags, 2);
    EvaluationInput input;
    input.tags = {{"a", .5, false}, {"b", .5, false}};
    input.probabilities = &p;
    input.labels = &labels;
    EXPECT_NEAR(evaluate(input).calibration_error, 0, 1e-6);
}

TEST(Evaluate, GroupsWidenTheInterval) {
    Matrix p(100, 2);
    std::vector<int> groups;
    for (std::size_t i = 0; i < 100; ++i) {
        groups.push_back(static_cast<int>(i / 10));
        p.row(i)[(i / 10) % 2] = 1;  // whole groups are right or wrong
    }
    auto const labels = one_of(std::vector<int>(100, 0), 2);
    EvaluationInput input;
    input.tags = {{"a", .5, false}, {"b", .5, false}};
    input.probabilities = &p;
    input.labels = &labels;
    auto const alone = evaluate(input).accuracy;
    input.groups = groups;
    auto const e = evaluate(input);
    EXPECT_EQ(e.groups, 10U);
    EXPECT_GT(e.accuracy.high - e.accuracy.low, 1.5 * (alone.high - alone.low));
}

}  // namespace
}  // namespace ounce::train
