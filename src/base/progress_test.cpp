#include "base/progress.hpp"

#include <gtest/gtest.h>

#include <algorithm>

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

TEST(Describe, TellsBytesAsMegabytes) {
    auto const bytes = ProgressReport::Unit::Bytes;
    EXPECT_EQ(describe({"sending", 12'000'000, 70'000'000, bytes}, std::chrono::seconds(10)),
              "sending 12.0/70.0 MB, 1.2 MB/s, 48 s left");
    EXPECT_EQ(describe({"fetching", 250'000, 0, bytes}, std::chrono::seconds(1)),
              "fetching 0.2 MB, 0.2 MB/s");
}

TEST(StderrProgress, WritesTheEndOfAStepOnce) {
    ::testing::internal::CaptureStderr();
    auto const progress = stderr_progress(std::chrono::hours(1));
    for (std::uint64_t const done : {1U, 2U, 2U, 2U}) progress({"sending", done, 2});
    progress({"checking", 0, 0});
    auto const text = ::testing::internal::GetCapturedStderr();
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3) << text;
}

}  // namespace
}  // namespace ounce
