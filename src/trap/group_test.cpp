#include "trap/group.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace ounce::trap {
namespace {

/// "EbbBb": E = new event, B = new burst, b = goes on.
std::string steps(std::vector<std::int64_t> const& ms, GroupOptions const& options = {}) {
    Grouper grouper(options);
    std::string text;
    for (auto const time : ms) {
        auto const step = grouper.add(from_ms(time));
        text += step.new_event ? 'E' : step.new_burst ? 'B' : 'b';
    }
    return text;
}

TEST(GroupTest, CutsByGaps) {
    struct Case {
        std::vector<std::int64_t> ms;
        char const* steps;
    };
    Case const cases[] = {{{}, ""},
                          {{0}, "E"},
                          {{0, 0, 0}, "Ebb"},                // equal timestamps
                          {{0, 3000, 6001}, "EbB"},          // the gap itself still belongs
                          {{0, 120'000, 240'001}, "EBE"},    //
                          {{-5000, -4000, 200'000}, "EbE"},  // before 1970
                          {{0, 250, 500, 10'000, 10'250}, "EbbBb"}};
    for (auto const& c : cases) EXPECT_EQ(steps(c.ms), c.steps);
}

TEST(GroupTest, NeverEndingSeriesAreCut) {
    std::vector<std::int64_t> lapse;
    for (int i = 0; i < 62; ++i) lapse.push_back(i * 60'000);
    auto const text = steps(lapse);
    EXPECT_EQ(text.find('E', 1), 31U);  // after 30 minutes

    auto const still = steps(std::vector<std::int64_t>(1001, 0));
    EXPECT_EQ(still.find('B'), 100U);
    EXPECT_EQ(still.find('E', 1), 500U);
}

TEST(GroupTest, NamesAreStable) {
    auto const name = group_name('e', "cam", from_ms(5), "ab");
    EXPECT_EQ(name, group_name('e', "cam", from_ms(5), "ab"));
    EXPECT_EQ(name.size(), 13U);
    EXPECT_NE(name, group_name('e', "cam", from_ms(6), "ab"));
    EXPECT_NE(name.substr(1), group_name('b', "cam", from_ms(5), "ab").substr(1));
}

}  // namespace
}  // namespace ounce::trap
