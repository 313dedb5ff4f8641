#include "base/log.hpp"

#include <gtest/gtest.h>

namespace ounce {
namespace {

TEST(Log, PlainValuesStandBare) {
    EXPECT_EQ(format_log_line(LogLevel::Info, "session closed", {{"device", "cam-7"}, {"seconds", 3}}),
              "info session closed device=cam-7 seconds=3");
}

TEST(Log, NoInputForgesALine) {
    EXPECT_EQ(format_log_line(LogLevel::Error, "refused", {{"topic", "a\nerror \"x\"=1"}, {"empty", ""}}),
              R"(error refused topic="a\x0aerror \"x\"=1" empty="")");
}

TEST(Log, LongValuesAreCut) {
    auto const line = format_log_line(LogLevel::Info, "e", {{"v", std::string(5000, 'a')}});
    EXPECT_LT(line.size(), 1100u);
    EXPECT_TRUE(line.ends_with("...\""));
}

}  // namespace
}  // namespace ounce
