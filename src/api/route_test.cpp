#include "api/route.hpp"

#include <gtest/gtest.h>

namespace ounce::api {
namespace {

TEST(Call, FindsQueriesWithoutCaseAndReadsJson) {
    Call call;
    call.query = {{"API-Version", "1"}, {"api-version", "2"}};
    EXPECT_EQ(call.find_query("api-version"), "1");
    EXPECT_EQ(call.find_query("take"), std::nullopt);
    EXPECT_EQ(call.json().error().code, Code::InvalidArgument);
    auto const text = as_bytes(R"({"a":1})");
    call.request.body.assign(text.begin(), text.end());
    EXPECT_EQ(call.json().value()["a"], 1);
    call.request.body.pop_back();
    EXPECT_EQ(call.json().error().code, Code::InvalidArgument);
}

TEST(Later, AnswersOnceAndNotWithSilence) {
    std::vector<std::string> said;
    auto const hear = [&said](Result<Response> const& result) {
        said.push_back(result ? std::to_string(result->status) : std::string(to_string(result.error().code)));
    };
    {
        Later later(hear);
        Later moved(std::move(later));
        moved.send(empty_response(204));
    }
    {
        Later const lost(hear);
    }
    EXPECT_EQ(said, (std::vector<std::string>{"204", "internal"}));
}

TEST(PlainError, SaysWhatAndWhy) {
    struct {
        Error error;
        int status;
        char const* body;
    } const cases[] = {
        {{Code::NotFound, "no cam", "DeviceNotFound"},
         404,
         R"({"error":{"code":"DeviceNotFound","message":"no cam"}})"},
        {{Code::Unavailable, "later"}, 503, R"({"error":{"code":"unavailable","message":"later"}})"},
        {{Code::Aborted, "x"}, 412, R"({"error":{"code":"aborted","message":"x"}})"},
    };
    for (auto const& c : cases) {
        auto const response = plain_error(c.error);
        EXPECT_EQ(response.status, c.status);
        EXPECT_EQ(std::get<std::string>(response.body), c.body);
        EXPECT_EQ(response.headers.find("Content-Type"), "application/json; charset=utf-8");
    }
}

}  // namespace
}  // namespace ounce::api
