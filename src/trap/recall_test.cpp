#include "trap/recall.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "base/random.hpp"

namespace ounce::trap {
namespace {

TEST(RecallTest, IncompleteBetaHasItsKnownValues) {
    EXPECT_NEAR(incomplete_beta(1, 1, .3), .3, 1e-12);
    EXPECT_NEAR(incomplete_beta(2, 3, .5), 11.0 / 16, 1e-12);  // P(Binomial(4, .5) >= 2)
    EXPECT_NEAR(incomplete_beta(.5, .5, .25), 2 / M_PI * std::asin(std::sqrt(.25)), 1e-12);
    EXPECT_NEAR(incomplete_beta(10, 1, .9), std::pow(.9, 10), 1e-12);
    EXPECT_NEAR(incomplete_beta(50'000, 50'000, .5), .5, 1e-9);
    EXPECT_EQ(incomplete_beta(3, 4, 0), 0);
    EXPECT_EQ(incomplete_beta(3, 4, 1), 1);
}

TEST(RecallTest, ClopperPearsonHasItsKnownValues) {
    EXPECT_NEAR(share_at_most(0, 100, .95), 1 - std::pow(.05, .01), 1e-12);
    // Two-sided 95 % of 10 in 100 is [.0490047, .1762226]: each side at 97.5 %.
    EXPECT_NEAR(share_at_most(10, 100, .975), .1762226, 1e-6);
    EXPECT_NEAR(share_at_least(10, 100, .975), .0490047, 1e-6);
    EXPECT_NEAR(share_at_least(100, 100, .95), std::pow(.05, .01), 1e-12);
    EXPECT_EQ(share_at_most(5, 5, .95), 1);
    EXPECT_EQ(share_at_most(0, 0, .95), 1);
    EXPECT_EQ(share_at_least(0, 5, .95), 0);
}

TEST(RecallTest, ThresholdKeepsItsPromise) {
    // Scores of a known kind: uniform on 0..1, so the share missed at threshold t is t itself. The promise
    // may fail in at most a tenth of the draws.
    int broken = 0;
    constexpr int kDraws = 400;
    for (int draw = 0; draw < kDraws; ++draw) {
        Random random(static_cast<std::uint64_t>(draw));
        std::vector<double> scores(300);
        for (auto& score : scores) score = random.unit();
        auto const chosen = choose_threshold(scores, .95);
        ASSERT_TRUE(chosen.promised);
        ASSERT_GE(chosen.recall_at_least, .95);
        broken += chosen.score > .05 ? 1 : 0;
    }
    EXPECT_LT(broken, kDraws * 13 / 100);
    EXPECT_GT(broken, kDraws * 3 / 100);  // nor is it needlessly careful
}

TEST(RecallTest, TooFewPositivesPromiseLess) {
    EXPECT_EQ(positives_needed(.98), 114U);
    std::vector<double> const scores{.9, .4, .7, .8};
    auto const chosen = choose_threshold(scores, .98);
    EXPECT_EQ(chosen.score, .4);
    EXPECT_EQ(chosen.kept, 4U);
    EXPECT_FALSE(chosen.promised);
    EXPECT_NEAR(chosen.recall_at_least, std::pow(.1, .25), 1e-9);
    EXPECT_EQ(choose_threshold({}, .98).positives, 0U);
    EXPECT_TRUE(choose_threshold(std::vector<double>(114, .5), .98).promised);
    EXPECT_FALSE(choose_threshold(std::vector<double>(113, .5), .98).promised);
}

TEST(RecallTest, SampleIsSeededWithoutRepeats) {
    auto const sample = random_sample(1'000'000'000, 100, 7);
    EXPECT_EQ(std::set(sample.begin(), sample.end()).size(), 100U);
    EXPECT_EQ(sample, random_sample(1'000'000'000, 100, 7));
    EXPECT_NE(sample, random_sample(1'000'000'000, 100, 8));
    auto const all = random_sample(5, 100, 1);
    EXPECT_EQ(std::set(all.begin(), all.end()).size(), 5U);
    std::vector<int> hits(10);
    for (std::uint64_t seed = 0; seed < 2000; ++seed)
        for (auto const index : random_sample(10, 3, seed)) ++hits[index];
    for (auto const hit : hits) EXPECT_NEAR(hit, 600, 100);
}

TEST(RecallTest, AuditBoundsWhatWasMissed) {
    auto const clean = audit_bound(100, 0, 1000, 50);
    EXPECT_NEAR(clean.miss_share_at_most, .02951, 1e-4);
    EXPECT_EQ(clean.missed_events_at_most, 29U);
    EXPECT_NEAR(clean.recall_at_least, 50.0 / 79, 1e-9);
    auto const whole = audit_bound(20, 1, 20, 9);
    EXPECT_EQ(whole.missed_events_at_most, 1U);
    EXPECT_NEAR(whole.recall_at_least, .9, 1e-12);
    EXPECT_EQ(audit_bound(0, 0, 0, 0).recall_at_least, 1);
    EXPECT_EQ(audit_bound(0, 0, 10, 5).miss_share_at_most, 1);
}

}  // namespace
}  // namespace ounce::trap
