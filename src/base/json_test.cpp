#include "base/json.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace ounce {
namespace {

TEST(ParseJson, RefusesGarbageAndDeepNesting) {
    EXPECT_EQ(parse_json("{\"a\":").error().code, Code::InvalidArgument);
    EXPECT_EQ(parse_json(std::string(100'000, '[')).error().code, Code::InvalidArgument);
    EXPECT_EQ(parse_json("").error().code, Code::InvalidArgument);
}

TEST(JsonMember, NamesTheKeyThatIsMissingOrWrong) {
    auto const json = parse_json(R"({"a": 1, "b": "x"})");
    ASSERT_TRUE(json);
    EXPECT_EQ(json_member<int>(*json, "a").value(), 1);
    EXPECT_NE(json_member<int>(*json, "b").error().message.find("'b'"), std::string::npos);
    EXPECT_FALSE(json_member<int>(*json, "c"));
    EXPECT_FALSE(json_member<int>(Json(3), "a"));
}

TEST(DumpJson, ReplacesBytesThatAreNoUtf8) {
    EXPECT_EQ(dump_json(Json{{"p", "a\xff"}}), "{\"p\":\"a\xEF\xBF\xBD\"}");
}

TEST(ParseJson, AMegabyteOfEmptyObjectsIsReadAtOnce) {
    std::string text = "[{}";
    while (text.size() < (1U << 20)) text += ",{}";
    auto const began = std::chrono::steady_clock::now();
    ASSERT_TRUE(parse_json(text + "]"));
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(20)) << "it took minutes once";
}

TEST(ParseJson, BracketsInTextsDoNotNest) {
    EXPECT_TRUE(parse_json(R"(["[[[[[\"[[[[[", {"{{{{\\": "]"}])", 2));
    EXPECT_FALSE(parse_json("[[[]]]", 2));
}

}  // namespace
}  // namespace ounce
