#include "iot/query.hpp"

#include <gtest/gtest.h>

namespace ounce::iot {
namespace {

Json const kTwin = Json::parse(R"({"deviceId":"cam-1","status":"enabled","tags":{"site":"north","n":3,
    "odd name":1,"deep":{"er":[1,2]}},"properties":{"desired":{"rate":5,"on":true},"reported":{"t":-2.5,
    "none":null}},"capabilities":{"iotEdge":false},"configurations":{"dep-1":{"status":"Applied"}}})");

bool matches(std::string const& where) {
    auto const query = Query::parse("SELECT * FROM devices WHERE " + where);
    EXPECT_TRUE(query) << where << ": " << query.error().message;
    return query && query->matches(kTwin);
}

TEST(QueryTest, Conditions) {
    struct Case {
        char const* where;
        bool holds;
    };
    for (auto const& [where, holds] : {
             Case{"deviceId = 'cam-1'", true},
             Case{"DeviceId = \"cam-1\"", true},
             Case{"deviceid = 'CAM-1'", false},
             Case{"tags.site = 'north' and tags.n > 2", true},
             Case{"tags.Site = 'north'", false},
             Case{"tags.n >= 3 AND tags.n <= 3 AND tags.n != 4 AND tags.n <> 4", true},
             Case{"tags.n = 3.0", true},
             Case{"tags.n < 3 OR NOT tags.n < 3", true},
             Case{"NOT tags.n = 3 OR tags.site = 'north'", true},
             Case{"NOT (tags.n = 3 OR tags.site = 'x')", false},
             Case{"tags.n = 1 AND tags.n = 1 OR tags.n = 3", true},
             Case{"tags.n IN [1, 2, 3]", true},
             Case{"tags.n NIN [1, 2]", true},
             Case{"tags.site in ['a', 'north']", true},
             Case{"tags.missing NIN [1]", false},
             Case{"tags.missing = 1", false},
             Case{"tags.missing != 1", false},
             Case{"NOT tags.missing = 1", true},
             Case{"is_defined(tags.missing)", false},
             Case{"IS_DEFINED(tags.deep.er)", true},
             Case{"IS_DEFINED(properties.reported.none)", true},
             Case{"properties.reported.none = null", true},
             Case{"properties.desired.on = true", true},
             Case{"properties.desired.on", true},
             Case{"properties.desired.rate", false},
             Case{"properties.desired.rate = '5'", false},
             Case{"properties.desired.rate != '5'", true},
             Case{"properties.desired.rate < '6'", false},
             Case{"properties.reported.t = -2.5", true},
             Case{"properties.reported.t + 2 * 3 - 1 = 2.5", true},
             Case{"properties.desired.rate % 3 = 2", true},
             Case{"properties.desired.rate / 0 > 1", false},
             Case{"tags.[[odd name]] = 1", true},
             Case{"configurations.[[dep-1]].status = 'Applied'", true},
             Case{"capabilities.iotEdge = false", true},
             Case{"'it''s' = \"it's\"", true},
             Case{"1e3 = 1000", true},
         })
        EXPECT_EQ(matches(where), holds) << where;
}

TEST(QueryTest, Projections) {
    auto const query =
        Query::parse("select deviceId, tags.site as place, tags.missing, tags.deep.er FROM devices");
    ASSERT_TRUE(query);
    EXPECT_EQ(query->row(kTwin), Json::parse(R"({"deviceId":"cam-1","place":"north","er":[1,2]})"));
    EXPECT_FALSE(query->selects_all());
    EXPECT_FALSE(query->aggregates());
    auto const top = Query::parse("SELECT TOP 5 * FROM devices.modules");
    ASSERT_TRUE(top);
    EXPECT_EQ(top->top(), 5);
    EXPECT_EQ(top->source(), Query::Source::Modules);
}

Json aggregate(char const* text, std::vector<Json> const& twins) {
    auto const query = Query::parse(text);
    EXPECT_TRUE(query) << query.error().message;
    Query::Groups groups(*query);
    for (auto const& twin : twins) EXPECT_TRUE(groups.add(twin));
    return groups.rows();
}

TEST(QueryTest, Aggregates) {
    std::vector<Json> const twins = {
        Json::parse(R"({"tags":{"s":"a","n":1}})"), Json::parse(R"({"tags":{"s":"b","n":4}})"),
        Json::parse(R"({"tags":{"s":"a","n":3}})"), Json::parse(R"({"tags":{}})")};
    EXPECT_EQ(aggregate("SELECT COUNT() AS all FROM devices", twins), Json::parse(R"([{"all":4}])"));
    EXPECT_EQ(aggregate("SELECT COUNT() AS all FROM devices", {}), Json::parse(R"([{"all":0}])"));
    EXPECT_EQ(aggregate("SELECT AVG(tags.n) AS a, SUM(tags.n) AS s, MIN(tags.n) AS l, MAX(tags.s) AS m "
                        "FROM devices",
                        twins),
              Json::parse(R"([{"a":2.6666666666666665,"s":8.0,"l":1,"m":"b"}])"));
    EXPECT_EQ(aggregate("SELECT tags.s, COUNT() AS n FROM devices GROUP BY tags.s", twins),
              Json::parse(R"([{"s":"a","n":2},{"s":"b","n":1},{"n":1}])"));
    EXPECT_EQ(aggregate("SELECT TOP 2 tags.s, COUNT() AS n FROM devices GROUP BY tags.s", twins),
              Json::parse(R"([{"s":"a","n":2},{"s":"b","n":1}])"));
    EXPECT_EQ(aggregate("SELECT TOP 0 COUNT() AS n FROM devices", twins), Json::array());
}

TEST(QueryTest, ListsHaveABound) {
    auto const list = [](int count) {
        std::string text = "p0";
        for (int i = 1; i < count; ++i) text += fmt::format(", p{}", i);
        return text;
    };
    EXPECT_TRUE(Query::parse("SELECT " + list(64) + " FROM devices"));
    EXPECT_FALSE(Query::parse("SELECT " + list(65) + " FROM devices"));
    EXPECT_TRUE(Query::parse("SELECT COUNT() FROM devices GROUP BY " + list(64)));
    EXPECT_FALSE(Query::parse("SELECT COUNT() FROM devices GROUP BY " + list(65)));
}

TEST(QueryTest, GroupsHaveABound) {
    auto const query = Query::parse("SELECT n, COUNT() AS c FROM devices GROUP BY n");
    ASSERT_TRUE(query);
    Query::Groups groups(*query);
    for (std::size_t i = 0; i < Query::Groups::kGroupsMax; ++i) ASSERT_TRUE(groups.add({{"n", i}}));
    auto const more = groups.add({{"n", Query::Groups::kGroupsMax}});
    ASSERT_FALSE(more);
    EXPECT_EQ(more.error().code, Code::ResourceExhausted);
    EXPECT_TRUE(groups.add({{"n", 0}}));
}

TEST(QueryTest, RefusesWhatIsNoQuery) {
    auto const nested =
        "SELECT * FROM devices WHERE " + std::string(1000, '(') + "1=1" + std::string(1000, ')');
    auto const nots = [] {
        std::string text = "SELECT * FROM devices WHERE ";
        for (int i = 0; i < 1000; ++i) text += "NOT ";
        return text + "true";
    }();
    auto const chain = [] {
        std::string text = "SELECT * FROM devices WHERE 1";
        for (int i = 0; i < 1000; ++i) text += "+1";
        return text;
    }();
    auto const minus = "SELECT * FROM devices WHERE " + std::string(2000, '-') + "1";
    for (auto const& text : {std::string(),
                             std::string("SELECT"),
                             std::string("SELECT *"),
                             std::string("SELECT * FROM"),
                             std::string("SELECT * FROM users"),
                             std::string("SELECT * FROM devices.jobs"),
                             std::string("SELECT * FROM devices WHERE"),
                             std::string("SELECT * FROM devices WHERE a ="),
                             std::string("SELECT * FROM devices WHERE a = 'b"),
                             std::string("SELECT * FROM devices WHERE (a"),
                             std::string("SELECT * FROM devices WHERE a IN 1"),
                             std::string("SELECT * FROM devices WHERE a IN [1"),
                             std::string("SELECT * FROM devices WHERE f(a)"),
                             std::string("SELECT * FROM devices WHERE a = 1.2.3"),
                             std::string("SELECT * FROM devices WHERE a..b = 1"),
                             std::string("SELECT * FROM devices; DROP"),
                             std::string("SELECT * FROM devices GROUP BY a"),
                             std::string("SELECT TOP x * FROM devices"),
                             std::string("SELECT LOG(a) FROM devices"),
                             std::string("SELECT a AS b.c FROM devices"),
                             std::string("SELECT * FROM devices WHERE [[a"),
                             std::string("SELECT * FROM devices WHERE a = \x01"),
                             nested,
                             nots,
                             chain,
                             minus,
                             std::string(kQueryBytesMax + 1, ' ')})
        EXPECT_FALSE(Query::parse(text)) << text.substr(0, 80);
}

}  // namespace
}  // namespace ounce::iot
