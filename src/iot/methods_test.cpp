#include "iot/methods.hpp"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace ounce::iot {
namespace {

using std::chrono::seconds;

TEST(MethodRequestTest, ReadsWhatIsThere) {
    struct Case {
        char const* body;
        char const* payload;
        int response;
        int connect;
    };
    for (auto const& [body, payload, response, connect] : {
             Case{R"({"methodName":"m"})", "null", 30, 0},
             Case{R"({"methodName":"m","payload":null})", "null", 30, 0},
             Case{R"({"methodName":"m","payload":""})", R"("")", 30, 0},
             Case{R"({"methodName":"m","payload":{"a":[1]},"responseTimeoutInSeconds":5,
                     "connectTimeoutInSeconds":300})",
                  R"({"a":[1]})", 5, 300},
         }) {
        auto const request = parse_method_request(Json::parse(body));
        ASSERT_TRUE(request) << body << request.error().message;
        EXPECT_EQ(request->payload, payload);
        EXPECT_EQ(request->response_timeout, seconds(response));
        EXPECT_EQ(request->connect_timeout, seconds(connect));
    }
}

TEST(MethodRequestTest, RefusesWhatIsOutOfRange) {
    for (auto const& body :
         {Json::array(), Json::object(), Json{{"methodName", ""}}, Json{{"methodName", 1}},
          Json{{"methodName", std::string(101, 'm')}},
          Json{{"methodName", "m"}, {"responseTimeoutInSeconds", 4}},
          Json{{"methodName", "m"}, {"responseTimeoutInSeconds", 301}},
          Json{{"methodName", "m"}, {"responseTimeoutInSeconds", 5.5}},
          Json{{"methodName", "m"}, {"connectTimeoutInSeconds", -1}},
          Json{{"methodName", "m"}, {"connectTimeoutInSeconds", 18446744073709551615U}},
          Json{{"methodName", "m"}, {"payload", std::string(kMethodPayloadBytesMax, 'x')}}})
        EXPECT_FALSE(parse_method_request(body)) << body.dump().substr(0, 80);
}

class MethodCallsTest : public ::testing::Test {
  protected:
    void call(Name const& target, int connect_timeout = 0) {
        MethodRequest request;
        request.method = "m";
        request.connect_timeout = seconds(connect_timeout);
        calls_.call(
            target, request, [this](Result<MethodAnswer> result) { ended_.push_back(std::move(result)); },
            now_);
    }
    void advance(int by) {
        now_ += seconds(by);
        calls_.advance(now_);
    }
    std::string last_reason() {
        return ended_.empty() ? "none" : ended_.back() ? "ok" : ended_.back().error().reason;
    }

    Instant now_{};
    std::set<std::string> online_;
    std::vector<std::string> sent_;
    std::vector<Result<MethodAnswer>> ended_;
    MethodCalls calls_{[this](Name const& target, std::string_view rid, MethodRequest const&) {
        if (!online_.contains(target.device)) return false;
        sent_.emplace_back(rid);
        return true;
    }};
};

TEST_F(MethodCallsTest, AnAnswerEndsTheCall) {
    online_ = {"a"};
    call({"a", ""});
    ASSERT_EQ(sent_.size(), 1U);
    EXPECT_TRUE(calls_.answered({"a", ""}, sent_[0], 207, R"({"x":1})"));
    ASSERT_EQ(ended_.size(), 1U);
    EXPECT_EQ(method_answer_to_json(*ended_[0]), Json::parse(R"({"status":207,"payload":{"x":1}})"));
    EXPECT_FALSE(calls_.answered({"a", ""}, sent_[0], 200, ""));
    EXPECT_FALSE(calls_.next_deadline());
    EXPECT_EQ(calls_.waiting(), 0U);
}

TEST_F(MethodCallsTest, AnEmptyBodyIsNull) {
    online_ = {"a"};
    call({"a", ""});
    calls_.answered({"a", ""}, sent_[0], 200, "");
    EXPECT_TRUE(ended_[0]->payload.is_null());
}

TEST_F(MethodCallsTest, OnlyTheTargetAnswers) {
    online_ = {"a"};
    call({"a", ""});
    for (auto const* const rid : {"", "zz", "2", "1 ", "ffffffffffffffffffff"})
        EXPECT_FALSE(calls_.answered({"a", ""}, rid, 200, "")) << rid;
    EXPECT_FALSE(calls_.answered({"b", ""}, sent_[0], 200, ""));
    EXPECT_FALSE(calls_.answered({"a", "m"}, sent_[0], 200, ""));
    EXPECT_TRUE(ended_.empty());
}

TEST_F(MethodCallsTest, AnAnswerThatIsNotJsonIsTheDevicesFault) {
    online_ = {"a"};
    call({"a", ""});
    EXPECT_TRUE(calls_.answered({"a", ""}, sent_[0], 200, "{"));
    EXPECT_EQ(last_reason(), "BadDeviceResponse");
}

TEST_F(MethodCallsTest, WithoutAConnectTimeoutTheTargetMustBeThere) {
    call({"a", ""});
    EXPECT_EQ(last_reason(), "DeviceNotOnline");
    EXPECT_EQ(calls_.waiting(), 0U);
}

TEST_F(MethodCallsTest, WaitsForTheTargetToCome) {
    call({"a", ""}, 10);
    advance(9);
    EXPECT_EQ(last_reason(), "none");
    online_ = {"a", "b"};
    calls_.arrived({"b", ""}, now_);
    EXPECT_TRUE(sent_.empty());
    calls_.arrived({"a", ""}, now_);
    ASSERT_EQ(sent_.size(), 1U);
    advance(29);
    EXPECT_EQ(last_reason(), "none");
    advance(1);
    EXPECT_EQ(last_reason(), "GatewayTimeout");
}

TEST_F(MethodCallsTest, ATargetThatDoesNotComeIsNotOnline) {
    call({"a", ""}, 10);
    EXPECT_EQ(calls_.next_deadline(), now_ + seconds(10));
    advance(10);
    EXPECT_EQ(last_reason(), "DeviceNotOnline");
}

TEST_F(MethodCallsTest, CallsHaveABound) {
    for (std::size_t i = 0; i < MethodCalls::kCallsPerTargetMax; ++i) call({"a", ""}, 10);
    EXPECT_TRUE(ended_.empty());
    call({"a", ""}, 10);
    EXPECT_EQ(last_reason(), "ThrottlingException");
    call({"b", ""}, 10);
    EXPECT_EQ(ended_.size(), 1U);
}

}  // namespace
}  // namespace ounce::iot
