#include "wire/url.hpp"

#include <gmock/gmock.h>

namespace ounce::wire {
namespace {

using testing::ElementsAre;

TEST(SplitTarget, DividesAtTheFirstQuestionMark) {
    EXPECT_EQ(split_target("/a?b?c").path, "/a");
    EXPECT_EQ(split_target("/a?b?c").query, "b?c");
    EXPECT_EQ(split_target("/a").query, "");
}

TEST(SplitPath, GivesDecodedSegments) {
    EXPECT_THAT(*split_path("/"), ElementsAre(""));
    EXPECT_THAT(*split_path("/a/b%2Fc"), ElementsAre("a", "b/c"));
    EXPECT_THAT(*split_path("/a//b/"), ElementsAre("a", "", "b", ""));
    EXPECT_THAT(*split_path("/a+b"), ElementsAre("a+b"));
    EXPECT_THAT(*split_path("/..a/.../a.."), ElementsAre("..a", "...", "a.."));
}

TEST(SplitPath, RefusesWhatCouldLeadElsewhere) {
    for (std::string_view const path : {"", "a", "/..", "/a/%2e%2E/b", "/./a", "/a%00", "/%ff", "/%zz"})
        EXPECT_EQ(split_path(path).error().code, Code::InvalidArgument) << path;
}

TEST(SplitPath, IsBounded) {
    std::string deep;
    for (std::size_t count = 0; count < kPathSegmentsMax; ++count) deep += "/a";
    EXPECT_TRUE(split_path(deep));
    EXPECT_EQ(split_path(deep + "/a").error().code, Code::ResourceExhausted);
    EXPECT_TRUE(split_path("/" + std::string(kPathBytesMax - 1, 'a')));
    EXPECT_EQ(split_path("/" + std::string(kPathBytesMax, 'a')).error().code, Code::ResourceExhausted);
}

TEST(Query, TellsAbsentEmptyAndRepeated) {
    auto const query = *Query::parse("a=1&b=&c&&a=2&d=x%3Dy=z&", Plus::IsPlus);
    EXPECT_EQ(query.find("a"), "1");
    EXPECT_THAT(query.all("a"), ElementsAre("1", "2"));
    EXPECT_EQ(query.find("b"), "");
    EXPECT_EQ(query.find("c"), "");
    EXPECT_TRUE(query.has("c"));
    EXPECT_EQ(query.find("d"), "x=y=z");
    EXPECT_EQ(query.find("e"), std::nullopt);
    EXPECT_FALSE(query.has("e"));
    ASSERT_EQ(query.pairs().size(), 5U);
    EXPECT_EQ(query.pairs()[1].value, "");
    EXPECT_EQ(query.pairs()[2].value, std::nullopt);
}

TEST(Query, TakesPlusAsItIsTold) {
    EXPECT_EQ(Query::parse("a=x+y%2B", Plus::IsSpace)->find("a"), "x y+");
    EXPECT_EQ(Query::parse("a=x+y%2B", Plus::IsPlus)->find("a"), "x+y+");
}

TEST(Query, RefusesBrokenText) {
    for (std::string_view const text : {"a=%", "%f=1", "a=%ff", "a=%00"})
        EXPECT_EQ(Query::parse(text, Plus::IsPlus).error().code, Code::InvalidArgument) << text;
}

TEST(Query, IsBounded) {
    std::string many;
    for (std::size_t count = 0; count < Query::kPairsMax; ++count) many += "a&";
    EXPECT_TRUE(Query::parse(many, Plus::IsPlus));
    EXPECT_EQ(Query::parse(many + "a", Plus::IsPlus).error().code, Code::ResourceExhausted);
    EXPECT_EQ(Query::parse(std::string(Query::kBytesMax + 1, 'a'), Plus::IsPlus).error().code,
              Code::ResourceExhausted);
}

}  // namespace
}  // namespace ounce::wire
