#include "api/vision_error.hpp"

#include <gtest/gtest.h>

namespace ounce::api {
namespace {

struct Said {
    int status;
    Json body;
};
Said say(Error const& error) {
    auto const response = vision_error(error);
    EXPECT_TRUE(response.headers.find("apim-request-id"));
    return {response.status, parse_json(std::get<std::string>(response.body)).value()};
}

TEST(VisionError, TheFirstWordOfACodeIsTheStatus) {
    for (auto const& [reason, status] : {std::pair{"BadRequestTagName", 400},
                                         {"NotFoundIteration", 404},
                                         {"ForbiddenUser", 403},
                                         {"UnsupportedMediaType", 415},
                                         {"Conflict", 409},
                                         {"ErrorUnknown", 500}}) {
        auto const said = say({Code::Internal, "why", reason});
        EXPECT_EQ(said.status, status);
        EXPECT_EQ(said.body, (Json{{"code", reason}, {"message", "why"}}));
    }
}

TEST(VisionError, TheGatewaysOwnAreNested) {
    EXPECT_EQ(say({Code::Unauthenticated, "the key is wrong", {}}).body["error"]["code"], "401");
    auto const unknown = say({Code::NotFound, "x", "RouteNotFound"});
    EXPECT_EQ(unknown.status, 404);
    EXPECT_EQ(unknown.body["error"]["message"], "Resource not found");
}

TEST(VisionError, FailuresOfTheHubTellNothingOfItsInside) {
    auto const said = say({Code::DataLoss, "vision.db: damaged page 7", {}});
    EXPECT_EQ(said.status, 500);
    EXPECT_EQ(said.body.dump().find("vision.db"), std::string::npos);
    EXPECT_EQ(say({Code::Unavailable, "busy", {}}).status, 503);
    EXPECT_EQ(say({Code::ResourceExhausted, "too large", {}}).body["code"], "BadRequestImageSizeBytes");
}

}  // namespace
}  // namespace ounce::api
