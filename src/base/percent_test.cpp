#include "base/percent.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace ounce {
namespace {

TEST(PercentDecode, DecodesEscapesAndLeavesPlus) {
    struct Case {
        std::string_view text;
        std::optional<std::string_view> decoded;
    };
    Case const cases[] = {
        {"", ""},           {"a%20b", "a b"}, {"a+b", "a+b"}, {"%2f%2F", "//"}, {"%C3%a4", "\xc3\xa4"},
        {"%", {}},          {"%2", {}},       {"%2x", {}},    {"%%20", {}},     {"a%2", {}},
        {"100%25", "100%"}, {"% 1", {}},      {"%+1", {}},
    };
    for (auto const& [text, decoded] : cases) {
        auto const result = percent_decode(text);
        ASSERT_EQ(result.has_value(), decoded.has_value()) << text;
        if (decoded) EXPECT_EQ(*result, *decoded);
    }
    EXPECT_EQ(percent_decode("a%00b")->size(), 3U);
}

TEST(PercentEncode, EscapesWhatItsNameSays) {
    EXPECT_EQ(percent_encode("aZ0-._~!*'()/ \xff"), "aZ0-._~%21%2A%27%28%29%2F%20%FF");
    EXPECT_EQ(encode_uri_component("aZ0-._~!*'()/ &=+"), "aZ0-._~!*'()%2F%20%26%3D%2B");
}

TEST(PercentEncode, ComesBackForEveryByte) {
    std::string every;
    for (int byte = 0; byte < 256; ++byte) every += static_cast<char>(byte);
    EXPECT_EQ(*percent_decode(percent_encode(every)), every);
    EXPECT_EQ(*percent_decode(encode_uri_component(every)), every);
}

}  // namespace
}  // namespace ounce
