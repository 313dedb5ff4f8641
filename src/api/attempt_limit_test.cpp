#include "api/attempt_limit.hpp"

#include <gtest/gtest.h>

namespace ounce::api {
namespace {

TEST(AttemptLimit, PausesOneAddressAndNoOther) {
    AttemptLimit limit;
    Instant now{};
    for (int i = 0; i < AttemptLimit::kFailuresMax; ++i) {
        EXPECT_TRUE(limit.allows("a", now));
        limit.failed("a", now);
    }
    EXPECT_FALSE(limit.allows("a", now));
    EXPECT_TRUE(limit.allows("b", now));
    now += AttemptLimit::kPause - std::chrono::seconds(1);
    EXPECT_FALSE(limit.allows("a", now));
    now += std::chrono::seconds(1);
    EXPECT_TRUE(limit.allows("a", now));
}

TEST(AttemptLimit, ARightKeyForgetsTheWrongOnes) {
    AttemptLimit limit;
    Instant const now{};
    for (int i = 0; i < AttemptLimit::kFailuresMax - 1; ++i) limit.failed("a", now);
    limit.succeeded("a");
    limit.failed("a", now);
    EXPECT_TRUE(limit.allows("a", now));
}

TEST(AttemptLimit, RemembersABoundedNumberOfAddresses) {
    AttemptLimit limit;
    Instant const now{};
    for (std::size_t i = 0; i < 2 * AttemptLimit::kAddressesMax; ++i) limit.failed(std::to_string(i), now);
    EXPECT_TRUE(limit.allows("new", now));
}

}  // namespace
}  // namespace ounce::api
