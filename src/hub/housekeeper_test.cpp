#include "hub/housekeeper.hpp"

#include <gtest/gtest.h>

#include <latch>

namespace ounce::hub {
namespace {

TEST(Housekeeper, DoesEachJobAtOnceAndAgainEvenIfItFails) {
    std::latch seldom(1), often(5), failing(3);
    {
        auto const count = [](std::latch& latch) {
            if (!latch.try_wait()) latch.count_down();
        };
        Housekeeper const housekeeper({
            {"seldom", std::chrono::hours(1),
             [&](std::stop_token const&) -> Status { return count(seldom), Status(); }},
            {"often", std::chrono::milliseconds(1),
             [&](std::stop_token const&) -> Status { return count(often), Status(); }},
            {"failing", std::chrono::milliseconds(1),
             [&](std::stop_token const&) -> Status {
                 count(failing);
                 return fail(Code::Unavailable, "on purpose");
             }},
        });
        seldom.wait();
        often.wait();
        failing.wait();
    }
}

TEST(Housekeeper, EndsAtOnceWhileItWaitsAndTellsAJobToEnd) {
    {
        Housekeeper const nothing_to_do({});
    }
    std::latch begun(1);
    {
        Housekeeper const housekeeper(
            {{"long", std::chrono::hours(1), [&](std::stop_token const& stop) -> Status {
                  std::latch told(1);
                  std::stop_callback const tell(stop, [&] { told.count_down(); });
                  begun.count_down();
                  told.wait();
                  return fail(Code::Cancelled, "stopped");
              }}});
        begun.wait();
    }
}

}  // namespace
}  // namespace ounce::hub
