#include "trap/decide.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace ounce::trap {
namespace {

constexpr VoteTags kTags{.count = 3, .negative = 2, .exclusive = true};  // leopard, ibex, empty

Verdict verdict(Voting voting, std::vector<std::vector<float>> const& frames, VoteTags tags = kTags) {
    Vote vote(tags, voting);
    for (auto const& frame : frames)
        vote.add(frame, tags.negative >= 0
                            ? 1 - static_cast<double>(frame[static_cast<std::size_t>(tags.negative)])
                            : 1);
    return vote.verdict();
}

TEST(DecideTest, EmptyFramesDoNotVoteTheAnimalDown) {
    auto const one = verdict(Voting::MeanLogit, {{.8F, .1F, .1F}});
    auto const among_empties =
        verdict(Voting::MeanLogit, {{.8F, .1F, .1F}, {.01F, .01F, .98F}, {.01F, .01F, .98F}});
    EXPECT_EQ(among_empties.tag, 0);
    EXPECT_NEAR(among_empties.gate, .9, 1e-6);
    EXPECT_NEAR(among_empties.probabilities[0], one.probabilities[0], .05);
}

TEST(DecideTest, OneWildFrameDoesNotWin) {
    std::vector<std::vector<float>> const frames{{.9F, .05F, .05F}, {.1F, .85F, .05F}, {.1F, .85F, .05F}};
    EXPECT_EQ(verdict(Voting::MeanLogit, frames).tag, 1);
    EXPECT_EQ(verdict(Voting::Max, frames).tag, 0);
}

TEST(DecideTest, ExclusiveProbabilitiesAddUpToOne) {
    for (auto const voting : {Voting::MeanLogit, Voting::Max, Voting::NoisyOr}) {
        auto const v = verdict(voting, {{.2F, .3F, .5F}, {.6F, .3F, .1F}});
        EXPECT_NEAR(v.probabilities[0] + v.probabilities[1] + v.probabilities[2], 1, 1e-9);
        EXPECT_NEAR(v.gate, 1 - v.probabilities[2], 1e-9);
    }
    auto const without = verdict(Voting::MeanLogit, {{.2F, .8F}, {.4F, .6F}}, {2, -1, true});
    EXPECT_NEAR(without.probabilities[0] + without.probabilities[1], 1, 1e-9);
}

TEST(DecideTest, NoisyOrGrowsWithEveryFrame) {
    auto const v = verdict(Voting::NoisyOr, {{.5F, .0F}, {.5F, .0F}}, {2, -1, false});
    EXPECT_NEAR(v.probabilities[0], .75, 1e-6);
}

TEST(DecideTest, BadNumbersStayBounded) {
    auto const nan = std::numeric_limits<float>::quiet_NaN();
    auto const v = verdict(Voting::MeanLogit, {{nan, 1.F, 0.F}, {0.F, nan, 0.F}});
    for (auto const p : v.probabilities) EXPECT_TRUE(std::isfinite(p));
}

TEST(DecideTest, RanksByTargetOrByAnyAnimal) {
    auto const v = verdict(Voting::MeanLogit, {{.1F, .6F, .3F}});
    EXPECT_NEAR(rank_score(v, 0), .1, 1e-6);
    EXPECT_NEAR(rank_score(v, -1), .7, 1e-6);
}

TEST(DecideTest, Words) {
    EXPECT_EQ(certainty(.95), "sure");
    EXPECT_EQ(certainty(.6), "likely");
    EXPECT_EQ(certainty(.3), "doubtful");
    EXPECT_EQ(certainty(.1), "unlikely");
}

TEST(VoteTest, TagsStayUnderAGateOfItsOwn) {
    // No negative tag: without a gate the tags share 1, with one they share what it leaves.
    std::vector<float> const probabilities{.3F, .1F};
    Vote plain({.count = 2, .negative = -1, .exclusive = true}, Voting::MeanLogit);
    plain.add(probabilities, .4);
    EXPECT_NEAR(plain.verdict().probabilities[0], .75, 1e-6);
    Vote gated({.count = 2, .negative = -1, .exclusive = true, .gated = true}, Voting::MeanLogit);
    gated.add(probabilities, .4);
    EXPECT_NEAR(gated.verdict().probabilities[0], .3, 1e-6);
    EXPECT_NEAR(gated.verdict().probabilities[1], .1, 1e-6);
}

}  // namespace
}  // namespace ounce::trap
