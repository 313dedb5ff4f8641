#include "iot/query_place.hpp"

#include <gtest/gtest.h>

#include "base/bytes.hpp"
#include "crypto/base64.hpp"

namespace ounce::iot {
namespace {

TEST(QueryPlaceTest, ComesBackAsItWas) {
    for (auto const& place : {QueryPlace{}, QueryPlace{.after = {"cam#1", "$edgeHub"}, .given = 7}})
        EXPECT_EQ(QueryPlace::parse(place.to_text()).value(), place);
}

TEST(QueryPlaceTest, RefusesWhatTheHubNeverGave) {
    for (auto const* const json :
         {"", "{}", "[]", R"(["a","",-1])", R"(["a","",1.0])", R"(["a","",9223372036854775808])",
          R"(["a",""])", R"(["a",1,1])", R"(["a","",1,1])", R"([["a"],"",1])"})
        EXPECT_FALSE(QueryPlace::parse(crypto::to_base64url(as_bytes(std::string_view(json))))) << json;
    EXPECT_FALSE(QueryPlace::parse("?"));
}

}  // namespace
}  // namespace ounce::iot
