#include "trap/clock.hpp"

#include <gtest/gtest.h>

namespace ounce::trap {
namespace {

TEST(ClockTest, FindsTimesInNames) {
    struct Case {
        char const* name;
        char const* time;  // "" = none
    };
    Case const cases[] = {
        {"IMG_20240131_235959.jpg", "2024-01-31T23:59:59"},
        {"2024-01-31 23-59-59.JPG", "2024-01-31T23:59:59"},
        {"2024-01-31T23.59.59_cam1.jpg", "2024-01-31T23:59:59"},
        {"cam7-20240229120000.jpg", "2024-02-29T12:00:00"},
        {"IMG_20230229_120000.jpg", ""},  // no such day
        {"IMG_20240131_245959.jpg", ""},
        {"IMG_20240131.jpg", ""},  // a day is not enough
        {"IMG_0001.jpg", ""},
        {"99920240131235959.jpg", ""},  // part of a longer number
        {"202401312359590.jpg", ""},
        {"18990131235959.jpg", ""},
        {"", ""},
    };
    for (auto const& c : cases) {
        auto const found = find_time_in_name(c.name);
        EXPECT_EQ(found ? format_time(*found) : "", c.time) << c.name;
    }
}

TEST(ClockTest, WritesFractionsOnlyWhereThereAreSome) {
    EXPECT_EQ(format_time(from_ms(250)), "1970-01-01T00:00:00.250");
    EXPECT_EQ(format_time(from_ms(250), false), "1970-01-01T00:00:00");
    EXPECT_EQ(format_time(from_ms(-1000)), "1969-12-31T23:59:59");
}

TEST(ClockTest, ReadsZones) {
    EXPECT_EQ(format_zone(parse_zone("+06:00").value()), "+06:00");
    EXPECT_EQ(format_zone(parse_zone("-0330").value()), "-03:30");
    EXPECT_EQ(format_zone(parse_zone("+6").value()), "+06:00");
    EXPECT_EQ(format_zone(parse_zone("UTC").value()), "Z");
    for (auto const* const bad : {"", "6", "+", "+25:00", "+06:60", "+06:00x", "Asia/Bishkek"})
        EXPECT_FALSE(parse_zone(bad)) << bad;
}

}  // namespace
}  // namespace ounce::trap
