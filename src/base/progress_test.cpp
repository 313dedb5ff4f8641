#include "base/progress.hpp"

#include <gtest/gtest.h>

namespace ounce {
namespace {

TEST(Describe, TellsRateAndTimeLeft) {
    EXPECT_EQ(describe({"features", 100, 400}, std::chrono::seconds(10)),
              "features 100/400, 10.0/s, 30 s left");
    EXPECT_EQ(describe({"features", 10, 100000}, std::chrono::seconds(10)),
              "features 10/100000, 1.0/s, 27.8 h left");
    EXPECT_EQ(describe({"looking", 0, 0}, std::chrono::seconds(1)), "looking 0");
    EXPECT_EQ(describe({"features", 400, 400}, std::chrono::seconds(10)), "features 400/400, 40.0/s");
}

}  // namespace
}  // namespace ounce
