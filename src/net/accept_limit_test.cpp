#include "net/accept_limit.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace ounce::net {
namespace {

using namespace std::chrono_literals;
using Verdict = AcceptLimit::Verdict;

TEST(AcceptLimit, TakesASecondsWorthAndThenAsManyAsComeBack) {
    AcceptLimit limit({.open_max = 1000, .per_second = 10});
    Instant now{};
    for (int i = 0; i < 10; ++i) EXPECT_EQ(limit.enter("a", now), Verdict::Take) << i;
    EXPECT_EQ(limit.enter("a", now), Verdict::TooFast);
    EXPECT_EQ(limit.enter("a", now + 99ms), Verdict::TooFast);
    EXPECT_EQ(limit.enter("a", now + 100ms), Verdict::Take);
    EXPECT_EQ(limit.enter("a", now + 100ms), Verdict::TooFast);
}

TEST(AcceptLimit, DoesNotLetOneAddressHarmAnother) {
    AcceptLimit limit({.open_max = 3, .per_second = 5});
    Instant const now{};
    for (int i = 0; i < 100; ++i) (void)limit.enter("loud", now);
    EXPECT_EQ(limit.enter("quiet", now), Verdict::Take);
}

TEST(AcceptLimit, CountsOpenConnections) {
    AcceptLimit limit({.open_max = 2, .per_second = 1000});
    Instant const now{};
    EXPECT_EQ(limit.enter("a", now), Verdict::Take);
    EXPECT_EQ(limit.enter("a", now), Verdict::Take);
    EXPECT_EQ(limit.enter("a", now), Verdict::TooMany);
    limit.leave("a");
    EXPECT_EQ(limit.enter("a", now), Verdict::Take);
    limit.leave("never came");
}

TEST(AcceptLimit, RemembersABoundedNumberOfAddresses) {
    AcceptLimit limit({.open_max = 2, .per_second = 1});
    Instant const now{};
    for (std::size_t i = 0; i < AcceptLimit::kAddressesMax; ++i)
        ASSERT_EQ(limit.enter(std::to_string(i), now), Verdict::Take);
    EXPECT_EQ(limit.enter("one more", now), Verdict::TooMany);
    for (std::size_t i = 0; i < AcceptLimit::kAddressesMax; ++i) limit.leave(std::to_string(i));
    EXPECT_EQ(limit.enter("one more", now), Verdict::TooMany) << "their buckets are not full again";
    EXPECT_EQ(limit.enter("one more", now + 2s), Verdict::Take);
    EXPECT_EQ(limit.addresses(), 1U);
}

}  // namespace
}  // namespace ounce::net
