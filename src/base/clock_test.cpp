#include "base/clock.hpp"

#include <gtest/gtest.h>

namespace ounce {
namespace {

TEST(Iso8601, IsWrittenWithTheDigitsAskedFor) {
    auto const time = from_microseconds(1'604'686'009'460'123);
    EXPECT_EQ(to_iso8601(time), "2020-11-06T18:06:49.460Z");
    EXPECT_EQ(to_iso8601(time, 0), "2020-11-06T18:06:49Z");
    EXPECT_EQ(to_iso8601(time, 7, false), "2020-11-06T18:06:49.4601230");
    EXPECT_EQ(to_iso8601(from_microseconds(-1)), "1969-12-31T23:59:59.999Z");
}

TEST(Iso8601, IsReadAsItIsWritten) {
    for (auto const* const text : {"2020-11-06T18:06:49.46Z", "2020-11-06T18:06:49.4600000",
                                   "2020-11-06T19:06:49.46+01:00", "2020-11-06T12:36:49.46-0530"})
        EXPECT_EQ(parse_iso8601(text), from_microseconds(1'604'686'009'460'000)) << text;
}

TEST(Iso8601, RefusesWhatIsNoTime) {
    for (auto const* const text :
         {"", "2020-11-06", "2020-13-06T00:00:00Z", "2020-02-30T00:00:00Z", "2020-11-06T24:00:00Z",
          "2020-11-06T18:06:49.Z", "2020-11-06T18:06:49Zx", "2020-11-06T18:06:49+25:00", "now"})
        EXPECT_FALSE(parse_iso8601(text)) << text;
}

TEST(FakeClock, JumpsOnlyInUtc) {
    FakeClock clock;
    auto const before = clock.instant();
    clock.set(Time{});
    EXPECT_EQ(clock.instant(), before);
    clock.advance(std::chrono::seconds(2));
    EXPECT_EQ(clock.instant() - before, std::chrono::seconds(2));
    EXPECT_EQ(clock.now(), Time(std::chrono::seconds(2)));
}

}  // namespace
}  // namespace ounce
