#include "load/tally.hpp"

#include <gtest/gtest.h>

namespace ounce::load {
namespace {

Tally two_devices_with_three_messages() {
    Tally tally({"a", "b"});
    tally.sent(0);
    tally.sent(0);
    tally.sent(1);
    tally.acknowledged(0, 0);
    tally.acknowledged(1, 0);
    return tally;
}

TEST(Tally, IsWellWhenEachAcknowledgedMessageIsFoundOnce) {
    auto tally = two_devices_with_three_messages();
    EXPECT_EQ(tally.missing(), 2U);
    tally.found("a", 0, false);
    EXPECT_FALSE(tally.all_well());
    tally.found("b", 0, false);
    EXPECT_TRUE(tally.all_well());
}

TEST(Tally, TellsMissingTwiceAndUnacknowledgedApart) {
    auto tally = two_devices_with_three_messages();
    tally.found("a", 1, false);  // sent, never acknowledged: allowed
    tally.found("a", 0, false);
    tally.found("a", 0, false);
    EXPECT_EQ(tally.verdict(), Json({{"missing", 1}, {"twice", 1}, {"damaged", 0}, {"unacknowledged", 1}}));
}

TEST(Tally, ADeliveryMarkedAsARepeatIsNotTwice) {
    auto tally = two_devices_with_three_messages();
    tally.found("a", 0, false);
    tally.found("a", 0, true);
    EXPECT_EQ(tally.verdict().at("twice"), 0);
}

TEST(Tally, WhatNobodySentIsDamage) {
    auto tally = two_devices_with_three_messages();
    tally.found("c", 0, false);
    tally.found("a", 2, false);
    EXPECT_EQ(tally.verdict().at("damaged"), 2);
    EXPECT_FALSE(tally.all_well());
}

TEST(Tally, AnAcknowledgementCountsOnce) {
    auto tally = two_devices_with_three_messages();
    tally.acknowledged(0, 0);
    EXPECT_EQ(tally.acknowledged_count(), 2U);
}

TEST(Tally, WritesRangesOfWhatWasAcknowledged) {
    Tally tally({"a"});
    for (int i = 0; i < 6; ++i) tally.sent(0);
    for (auto const sequence : {0, 1, 2, 5}) tally.acknowledged(0, static_cast<std::uint64_t>(sequence));
    EXPECT_EQ(tally.to_json(), Json::parse(R"({"a": {"sent": 6, "acknowledged": [[0, 2], [5, 5]]}})"));
}

}  // namespace
}  // namespace ounce::load
