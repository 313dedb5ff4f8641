#include "api/path_pattern.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

namespace ounce::api {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(PathPattern, MatchesSegmentsAndFillsNames) {
    struct {
        char const* what;
        char const* pattern;
        std::vector<std::string> path;
        std::optional<std::vector<std::string>> values;
    } const cases[] = {
        {"root", "/", {}, {{}}},
        {"root is not all", "/", {"a"}, std::nullopt},
        {"literal", "/healthz", {"healthz"}, {{}}},
        {"literal without case", "/customvision/Training", {"CustomVision", "training"}, {{}}},
        {"too short", "/a/b", {"a"}, std::nullopt},
        {"too long", "/a", {"a", "b"}, std::nullopt},
        {"name", "/devices/{device}", {"devices", "cam/1"}, {{"cam/1"}}},
        {"name keeps its case", "/devices/{device}", {"Devices", "Cam"}, {{"Cam"}}},
        {"name needs a segment", "/devices/{device}", {"devices"}, std::nullopt},
        {"two names", "/d/{a}/m/{b}", {"d", "1", "m", "2"}, {{"1", "2"}}},
        {"rest", "/blob/{path...}", {"blob", "a", "b", "c"}, {{"a/b/c"}}},
        {"rest needs one", "/blob/{path...}", {"blob"}, std::nullopt},
        {"rest in the middle",
         "/v2/{name...}/blobs/{digest}",
         {"v2", "a", "b", "blobs", "d"},
         {{"a/b", "d"}}},
        {"rest goes back",
         "/v2/{n...}/blobs/{d}",
         {"v2", "blobs", "blobs", "blobs", "d"},
         {{"blobs/blobs", "d"}}},
        {"rest leaves room", "/v2/{n...}/tags/list", {"v2", "tags", "list"}, std::nullopt},
        {"rest alone", "/{all...}", {"x"}, {{"x"}}},
    };
    for (auto const& c : cases) {
        SCOPED_TRACE(c.what);
        Parameters parameters;
        bool const matched = PathPattern(c.pattern).match(c.path, parameters);
        ASSERT_EQ(matched, c.values.has_value());
        if (!matched) continue;
        std::vector<std::string> values;
        for (auto const& [name, value] : parameters) values.push_back(value);
        EXPECT_EQ(values, *c.values);
    }
}

TEST(PathPattern, NamesItsValues) {
    Parameters parameters;
    std::vector<std::string> const path{"v2", "a", "blobs", "d"};
    ASSERT_TRUE(PathPattern("/v2/{name...}/blobs/{digest}").match(path, parameters));
    EXPECT_THAT(parameters, ElementsAre(Pair("name", "a"), Pair("digest", "d")));
    EXPECT_TRUE(PathPattern("/a/{name...}").names("name"));
    EXPECT_FALSE(PathPattern("/a/{name...}").names("a"));
}

TEST(PathPattern, LeavesTheParametersWhereItDoesNotMatch) {
    Parameters parameters{{"kept", "1"}};
    std::vector<std::string> const path{"b", "c"};
    EXPECT_FALSE(PathPattern("/a/{x}").match(path, parameters));
    EXPECT_THAT(parameters, ElementsAre(Pair("kept", "1")));
}

TEST(PathPattern, TriesTheMoreParticularFirst) {
    char const* const in_order[] = {"/devices/query/now", "/devices/query",   "/devices/{id}/modules/{m}",
                                    "/devices/{id}",      "/devices/{id...}", "/{name}",
                                    "/{all...}"};
    for (std::size_t i = 0; i < std::size(in_order); ++i) {
        for (std::size_t k = 0; k < std::size(in_order); ++k) {
            if (PathPattern(in_order[i]).before(PathPattern(in_order[k])))
                EXPECT_LT(i, k) << in_order[i] << " and " << in_order[k];
        }
        if (i > 0) EXPECT_TRUE(PathPattern(in_order[i - 1]).before(PathPattern(in_order[i]))) << in_order[i];
    }
}

TEST(PathPattern, KnowsWhatIsTheSame) {
    EXPECT_TRUE(PathPattern("/a/{b}").same_as(PathPattern("/A/{c}/")));
    EXPECT_FALSE(PathPattern("/a/{b}").same_as(PathPattern("/a/{b...}")));
    EXPECT_FALSE(PathPattern("/a").same_as(PathPattern("/b")));
}

TEST(PathPatternDeathTest, RefusesPatternsThatAreWrong) {
    for (auto const* wrong : {"a", "", "/{a", "/{}", "/{...}", "/{a}/{a}"})
        EXPECT_DEATH((void)PathPattern(wrong), "path_pattern") << wrong;
}

}  // namespace
}  // namespace ounce::api
