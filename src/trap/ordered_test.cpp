#include "trap/ordered.hpp"

#include <gtest/gtest.h>

#include <atomic>

namespace ounce::trap {
namespace {

TEST(OrderedTest, HandsOnInOrderWithBoundedItems) {
    std::atomic<int> alive = 0;
    std::atomic<int> most = 0;
    int produced = 0;
    std::vector<int> taken;
    auto const status = run_ordered<int, int>(
        3, 5,
        [&]() -> Result<std::optional<int>> {
            if (produced == 1000) return std::nullopt;
            most = std::max(most.load(), ++alive);
            return produced++;
        },
        [](int const& value) { return value * 2; },
        [&](int&& in, int&& out) -> Status {
            --alive;
            EXPECT_EQ(out, in * 2);
            taken.push_back(in);
            return {};
        },
        {});
    ASSERT_TRUE(status);
    EXPECT_EQ(taken.size(), 1000U);
    EXPECT_TRUE(std::is_sorted(taken.begin(), taken.end()));
    EXPECT_LE(most, 5);
}

TEST(OrderedTest, StopsAtTheFirstErrorAndOnRequest) {
    std::stop_source source;
    int produced = 0;
    int taken = 0;
    auto const endless = [&]() -> Result<std::optional<int>> { return produced++; };
    auto const same = [](int const& value) { return value; };
    auto const failed = run_ordered<int, int>(2, 4, endless, same,
                                              [&](int&& value, int&&) -> Status {
                                                  if (value == 10)
                                                      return fail(Code::ResourceExhausted, "full");
                                                  ++taken;
                                                  return {};
                                              },
                                              {});
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, Code::ResourceExhausted);
    EXPECT_EQ(taken, 10);
    auto const stopped = run_ordered<int, int>(
        2, 4, endless, same,
        [&](int&&, int&&) -> Status {
            source.request_stop();
            return {};
        },
        source.get_token());
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().code, Code::Cancelled);
}

}  // namespace
}  // namespace ounce::trap
