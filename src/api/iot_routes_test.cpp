#include "api/iot_routes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "api/iot_error.hpp"
#include "api/iot_event.hpp"
#include "api/router.hpp"
#include "base/file.hpp"
#include "crypto/base64.hpp"
#include "crypto/sas_token.hpp"
#include "iot/authenticate.hpp"

namespace ounce::api {
namespace {

using namespace std::chrono_literals;

/// A hub without sockets: requests go into the router, answers come out.
class IotRoutesTest : public ::testing::Test {
  protected:
    struct Reply {
        int status = 0;
        Json body;
        net::Headers headers;
        [[nodiscard]] std::string name() const {
            return std::string(headers.find("iothub-errorcode").value_or(""));
        }
    };

    void SetUp() override {
        folder_ = std::make_unique<TemporaryFolder>(TemporaryFolder::create().value());
        auto const path = folder_->path();
        devices_ = iot::DeviceHub::open(path / "iot.db", clock_, [](iot::Change const&) {}).value();
        telemetry_ = iot::TelemetryLog::open(path / "telemetry.db", clock_, {.tidy_every = 0s}).value();
        IotServices const services{*devices_, presence_, *telemetry_, call_method_, workers_, clock_};
        auto const device = [this](std::string_view token, std::string_view id,
                                   std::string_view module) -> Result<Principal> {
            iot::Name const name{.device = std::string(id), .module = std::string(module)};
            TRY(auto const caller, devices_->run([&](iot::Work& work) {
                return iot::authenticate_device(work, keyring_, token, name);
            }));
            return Principal{.name = caller.identity.name.device,
                             .rights = {},
                             .device = name.device,
                             .module = name.module};
        };
        router_ =
            std::make_unique<Router>(iot_groups(services), keyring_, device, workers_, clock_, metrics_);
    }
    void TearDown() override { workers_.drain(); }

    Reply ask(std::string method, std::string_view target, std::string_view body = "",
              net::Headers headers = {}) {
        net::HttpRequest request;
        request.method = std::move(method);
        auto const mark = std::min(target.find('?'), target.size());
        request.path = target.substr(0, mark);
        request.query = target.substr(std::min(mark + 1, target.size()));
        if (request.query.empty()) request.query = "api-version=2021-04-12";
        request.headers = std::move(headers);
        if (!request.headers.find("Authorization"))
            request.headers.add("Authorization", token("hub.example", policy_, policy_));
        request.peer = "10.0.0.9";
        request.body.assign(body.begin(), body.end());

        auto admitted = router_->admit(request);
        auto response = [&]() -> net::HttpResponse {
            if (auto* const refusal = std::get_if<net::HttpResponse>(&admitted)) return std::move(*refusal);
            std::promise<net::HttpResponse> promise;
            auto answer = promise.get_future();
            net::Reply reply([&promise](net::HttpResponse made) { promise.set_value(std::move(made)); });
            std::get<net::Admission>(admitted).handle(std::move(request), std::move(reply));
            return answer.get();
        }();
        auto const& text = std::get<std::string>(response.body);
        return {response.status, text.empty() ? Json() : Json::parse(text), response.headers};
    }
    std::string token(std::string_view resource, std::string_view policy, std::string_view skn) {
        return crypto::sign_sas_token(resource, keyring_.find_policy(policy)->primary.bytes(), skn,
                                      clock_.now() + 1h);
    }
    net::Headers as_device(std::string const& id) {
        auto const device = ask("GET", "/devices/" + id).body;
        auto const key =
            crypto::parse_base64(device["authentication"]["symmetricKey"]["primaryKey"].get<std::string>());
        return {{"Authorization",
                 crypto::sign_sas_token("hub.example/devices/" + id, key.value(), "", clock_.now() + 1h)}};
    }

    FakeClock clock_;
    Metrics metrics_;
    crypto::Keyring keyring_ = crypto::Keyring::create({"hub.example"}).value();
    std::string policy_ = "iothubowner";
    std::unique_ptr<TemporaryFolder> folder_;
    iot::PresenceBoard presence_;
    /// What the device plane would do: device "a" is there and answers with what it was given.
    iot::MethodCaller call_method_ = [](iot::Name const& target, iot::MethodRequest const& request,
                                        iot::MethodDone done) {
        if (target.device != "a")
            return done(fail_as(Code::NotFound, "DeviceNotOnline", "it is not connected"));
        done(iot::MethodAnswer{.status = 207, .payload = Json::parse(request.payload)});
    };
    std::unique_ptr<iot::DeviceHub> devices_;
    WorkerPool workers_{2, 100};
    std::unique_ptr<iot::TelemetryLog> telemetry_;
    std::unique_ptr<Router> router_;
};

TEST_F(IotRoutesTest, ADeviceLives) {
    auto const made = ask("PUT", "/devices/cam%231", R"({"deviceId":"cam#1"})");
    ASSERT_EQ(made.status, 200) << made.body;
    EXPECT_EQ(made.headers.find("ETag"), fmt::format("\"{}\"", made.body["etag"].get<std::string>()));
    EXPECT_EQ(made.headers.find("Content-Type"), "application/json; charset=utf-8");
    EXPECT_EQ(ask("GET", "/devices/cam%231").body, made.body);
    EXPECT_EQ(ask("GET", "/devices/").body.size(), 1U);

    auto const again = ask("PUT", "/devices/cam%231", "{}");
    EXPECT_EQ(again.status, 409);
    EXPECT_EQ(again.name(), "DeviceAlreadyExists");
    auto const disabled = ask("PUT", "/devices/cam%231", R"({"status":"disabled"})", {{"If-Match", "\"*\""}});
    EXPECT_EQ(disabled.body["status"], "disabled");
    EXPECT_EQ(ask("DELETE", "/devices/cam%231", "", {{"If-Match", "\"old\""}}).status, 412);
    EXPECT_EQ(ask("DELETE", "/devices/cam%231", "", {{"If-Match", "*"}}).status, 204);
    EXPECT_EQ(ask("GET", "/devices/cam%231").status, 404);
}

TEST_F(IotRoutesTest, ErrorsAreWordedForItsClients) {
    auto const missing = ask("GET", "/devices/nobody");
    EXPECT_EQ(missing.status, 404);
    EXPECT_EQ(missing.name(), "DeviceNotFound");
    EXPECT_EQ(missing.body["Message"], "ErrorCode:DeviceNotFound;there is no device 'nobody'");
    EXPECT_TRUE(missing.body["ExceptionMessage"].get<std::string>().starts_with("Tracking ID:"));

    struct Case {
        Error error;
        int status;
        char const* name;
    };
    for (auto const& [error, status, name] :
         {Case{{Code::Unavailable, "x", "BadDeviceResponse"}, 502, "BadDeviceResponse"},
          Case{{Code::Unavailable, "x", "ThrottlingException"}, 429, "ThrottlingException"},
          Case{{Code::ResourceExhausted, "x", "MessageTooLarge"}, 413, "MessageTooLarge"},
          Case{{Code::ResourceExhausted, "disk full", ""}, 503, "ServiceUnavailable"},
          Case{{Code::DeadlineExceeded, "x", "GatewayTimeout"}, 504, "GatewayTimeout"},
          Case{{Code::PermissionDenied, "x", ""}, 401, "IotHubUnauthorizedAccess"},
          Case{{Code::Unauthenticated, "x", ""}, 401, "IotHubUnauthorized"},
          Case{{Code::Internal, "secret", ""}, 500, "ServerError"}}) {
        auto const response = iot_error(error);
        EXPECT_EQ(response.status, status) << name;
        EXPECT_EQ(response.headers.find("iothub-errorcode"), name);
        EXPECT_EQ(std::get<std::string>(response.body).find("secret"), std::string::npos);
    }
}

TEST_F(IotRoutesTest, PoliciesOpenOnlyTheirDoors) {
    ask("PUT", "/devices/a", "{}");
    struct Case {
        char const* policy;
        char const* method;
        char const* target;
        int status;
    };
    for (auto const& [policy, method, target, status] :
         {Case{"registryRead", "GET", "/devices/a", 200}, Case{"registryRead", "PUT", "/devices/b", 401},
          Case{"registryRead", "GET", "/twins/a", 401}, Case{"service", "GET", "/twins/a", 200},
          Case{"service", "GET", "/devices/a", 401}, Case{"device", "GET", "/devices/a", 401},
          Case{"service", "GET", "/ounce/v1/telemetry", 200},
          Case{"device", "GET", "/ounce/v1/telemetry", 403},
          Case{"service", "POST", "/devices/a/messages/events", 401},
          Case{"device", "POST", "/devices/a/messages/events", 204}}) {
        policy_ = policy;
        EXPECT_EQ(ask(method, target, "{}").status, status) << policy << " " << target;
    }
}

TEST_F(IotRoutesTest, NeedsAVersion) {
    EXPECT_EQ(ask("GET", "/devices?top=1").status, 400);
    EXPECT_EQ(ask("GET", "/devices?api-version=1").status, 400);
    EXPECT_EQ(ask("GET", "/devices?api-version=2018-06-30").status, 200);
    EXPECT_EQ(ask("GET", "/devices?api-version=2020-06-30-preview&top=1001").status, 400);
}

TEST_F(IotRoutesTest, ABulkTellsWhatFailed) {
    auto const body = R"([{"id":"a","importMode":"create"},{"id":"b","importMode":"delete"}])";
    auto const done = ask("POST", "/devices", body);
    EXPECT_EQ(done.status, 200);
    EXPECT_EQ(done.body["isSuccessful"], false);
    ASSERT_EQ(done.body["errors"].size(), 1U);
    EXPECT_EQ(done.body["errors"][0]["deviceId"], "b");
    EXPECT_EQ(done.body["errors"][0]["errorCode"], "DeviceNotFound");
    EXPECT_EQ(ask("GET", "/statistics/devices").body["totalDeviceCount"], 1);
}

TEST_F(IotRoutesTest, TwinsAreReadAndPatched) {
    ask("PUT", "/devices/a", "{}");
    ask("PUT", "/devices/a/modules/m", "{}");
    auto const patched =
        ask("PATCH", "/twins/a/modules/m", R"({"properties":{"desired":{"x":1}}})", {{"If-Match", "\"*\""}});
    ASSERT_EQ(patched.status, 200) << patched.body;
    EXPECT_EQ(patched.body["properties"]["desired"]["x"], 1);
    EXPECT_EQ(patched.body["moduleId"], "m");
    auto const stale = ask("PATCH", "/twins/a", R"({"tags":{}})", {{"If-Match", "\"abc\""}});
    EXPECT_EQ(stale.status, 412);
    auto const replaced = ask("PUT", "/twins/a", R"({"tags":{"t":1}})", {{"If-Match", "*"}});
    EXPECT_EQ(replaced.body["tags"]["t"], 1);
    presence_.connected({"a", ""}, clock_.now());
    EXPECT_EQ(ask("GET", "/twins/a").body["connectionState"], "Connected");
    EXPECT_EQ(ask("GET", "/statistics/service").body["connectedDeviceCount"], 1);
}

TEST_F(IotRoutesTest, MethodsAreAnsweredByTheDevice) {
    ask("PUT", "/devices/a", "{}");
    ask("PUT", "/devices/off", "{}");
    auto const done = ask("POST", "/twins/a/methods", R"({"methodName":"m","payload":""})");
    EXPECT_EQ(done.status, 200);
    EXPECT_EQ(done.body, Json::parse(R"({"status":207,"payload":""})"));
    auto const off = ask("POST", "/twins/off/methods", R"({"methodName":"m"})");
    EXPECT_EQ(off.status, 404);
    EXPECT_EQ(off.name(), "DeviceNotOnline");
    EXPECT_EQ(ask("POST", "/twins/nobody/methods", R"({"methodName":"m"})").name(), "DeviceNotFound");
    EXPECT_EQ(ask("POST", "/twins/a/methods", "{}").status, 400);
}

TEST_F(IotRoutesTest, QueriesGivePages) {
    for (int i = 0; i < 7; ++i) {
        ask("PUT", fmt::format("/devices/d{}", i), "{}");
        ask("PATCH", fmt::format("/twins/d{}", i), fmt::format(R"({{"tags":{{"odd":{}}}}})", i % 2));
    }
    ask("PUT", "/devices/d1/modules/m", "{}");
    auto const run = [&](char const* query, net::Headers headers = {}) {
        return ask("POST", "/devices/query", Json{{"query", query}}.dump(), std::move(headers));
    };
    auto const first = run("SELECT * FROM devices", {{"x-ms-max-item-count", "5"}});
    ASSERT_EQ(first.status, 200) << first.body;
    EXPECT_EQ(first.body.size(), 5U);
    EXPECT_EQ(first.headers.find("x-ms-item-type"), "Twin");
    auto const token = first.headers.find("x-ms-continuation");
    ASSERT_TRUE(token);
    auto const rest = run("SELECT * FROM devices", {{"x-ms-continuation", std::string(*token)}});
    ASSERT_EQ(rest.body.size(), 2U);
    EXPECT_EQ(rest.body[0]["deviceId"], "d5");
    EXPECT_FALSE(rest.headers.find("x-ms-continuation"));

    auto const odd = run("SELECT TOP 2 deviceId FROM devices WHERE tags.odd = 1");
    EXPECT_EQ(odd.body, Json::parse(R"([{"deviceId":"d1"},{"deviceId":"d3"}])"));
    EXPECT_EQ(odd.headers.find("x-ms-item-type"), "Raw");
    EXPECT_FALSE(odd.headers.find("x-ms-continuation"));
    EXPECT_EQ(run("SELECT COUNT() AS n FROM devices WHERE tags.odd = 0").body, Json::parse(R"([{"n":4}])"));
    EXPECT_EQ(run("SELECT moduleId FROM devices.modules").body, Json::parse(R"([{"moduleId":"m"}])"));
    // A page that is full is the last one all the same if nothing more matches.
    auto const last = run("SELECT deviceId FROM devices WHERE tags.odd = 1", {{"x-ms-max-item-count", "3"}});
    EXPECT_EQ(last.body.size(), 3U);
    EXPECT_FALSE(last.headers.find("x-ms-continuation"));
    EXPECT_EQ(run("SELECT").status, 400);
    EXPECT_EQ(run("SELECT * FROM devices.jobs").status, 501);
    EXPECT_EQ(run("SELECT * FROM devices", {{"x-ms-continuation", "x"}}).status, 400);
    EXPECT_EQ(run("SELECT * FROM devices", {{"x-ms-max-item-count", "0"}}).status, 400);
}

TEST_F(IotRoutesTest, ContentIsApplied) {
    ask("PUT", "/devices/e", R"({"capabilities":{"iotEdge":true}})");
    auto const body = R"({"modulesContent":{"$edgeAgent":{"properties.desired":{"modules":{"cam":{}}}}}})";
    EXPECT_EQ(ask("POST", "/devices/e/applyConfigurationContent", body).status, 204);
    EXPECT_EQ(ask("GET", "/devices/e/modules").body.size(), 3U);
    EXPECT_EQ(ask("GET", "/devices/e/modules/%24edgeAgent").status, 200);
}

TEST_F(IotRoutesTest, ADeviceSendsAndAReaderReads) {
    ask("PUT", "/devices/a", "{}");
    auto headers = as_device("a");
    headers.add("iothub-app-kind", "frame");
    headers.add("IoTHub-MessageId", "m 1");
    EXPECT_EQ(ask("POST", "/devices/a/messages/events", R"({"t":1})", headers).status, 204);
    auto batch = as_device("a");
    batch.add("Content-Type", "application/vnd.microsoft.iothub.json");
    auto const items = R"([{"body":"/w==","properties":{"iothub-app-x":"1"}},{"body":"YQ=="}])";
    EXPECT_EQ(ask("POST", "/devices/a/messages/events", items, batch).status, 204);
    EXPECT_EQ(ask("POST", "/devices/b/messages/events", "x", as_device("a")).status, 401);

    auto const page = ask("GET", "/ounce/v1/telemetry?from=earliest&limit=2");
    ASSERT_EQ(page.status, 200) << page.body;
    auto const& messages = page.body["messages"];
    ASSERT_EQ(messages.size(), 2U);
    EXPECT_EQ(messages[0]["body"], R"({"t":1})");
    EXPECT_EQ(messages[0]["deviceId"], "a");
    EXPECT_EQ(messages[0]["properties"], Json::parse(R"({"kind":"frame"})"));
    EXPECT_EQ(messages[0]["systemProperties"], Json::parse(R"({"messageId":"m 1"})"));
    EXPECT_EQ(messages[1]["bodyBase64"], "/w==");
    auto const rest =
        ask("GET", "/ounce/v1/telemetry?device=a&after=" + page.body["cursor"].get<std::string>());
    ASSERT_EQ(rest.body["messages"].size(), 1U);
    EXPECT_EQ(rest.body["messages"][0]["body"], "a");
    EXPECT_TRUE(ask("GET", "/ounce/v1/telemetry?wait=").body["messages"].empty());
    for (auto const* const wrong :
         {"after=x", "from=yesterday", "limit=0", "limit=1001", "wait=61", "wait=a"})
        EXPECT_EQ(ask("GET", fmt::format("/ounce/v1/telemetry?{}", wrong)).status, 400) << wrong;
}

TEST_F(IotRoutesTest, AReaderIsToldWhatItMisspelt) {
    for (auto const& [wrong, meant] : {std::pair("devcie=a", "device"),
                                       {"from=earliest&limits=2", "limit"},
                                       {"waits", "wait"},
                                       {"apiversion=2021-04-12", "api-version"}}) {
        auto const answer = ask("GET", fmt::format("/ounce/v1/telemetry?{}", wrong));
        EXPECT_EQ(answer.status, 400) << wrong;
        EXPECT_THAT(answer.body["error"]["message"].get<std::string>(),
                    testing::EndsWith(fmt::format("did you mean '{}'?", meant)));
    }
    auto const long_one = ask("GET", "/ounce/v1/telemetry?" + std::string(4'000, 'x') + "=1");
    EXPECT_EQ(long_one.status, 400);
    EXPECT_LT(long_one.body["error"]["message"].get<std::string>().size(), 200U);
    auto const all = "api-version=2021-04-12&From=earliest&after=&device=a&module=&limit=1&wait=0";
    EXPECT_EQ(ask("GET", fmt::format("/ounce/v1/telemetry?{}", all)).status, 200);
}

TEST_F(IotRoutesTest, AReaderIsToldWhenSomethingCame) {
    ask("PUT", "/devices/a", "{}");
    auto const key = as_device("a");
    auto page =
        std::async(std::launch::async, [&] { return ask("GET", "/ounce/v1/telemetry?device=a&wait=60"); });
    // The reader begins at the end: what is sent before it looks is not for it.
    while (page.wait_for(1ms) != std::future_status::ready)
        ASSERT_EQ(ask("POST", "/devices/a/messages/events", "x", key).status, 204);
    EXPECT_FALSE(page.get().body["messages"].empty());
}

TEST_F(IotRoutesTest, NobodySendsForADeviceThatIsDisabled) {
    ask("PUT", "/devices/a", "{}");
    ask("PUT", "/devices/a/modules/m", "{}");
    auto const own = as_device("a");
    EXPECT_EQ(ask("POST", "/devices/a/messages/events", "x").status, 204);
    EXPECT_EQ(ask("POST", "/devices/a/modules/m/messages/events", "x").status, 204);
    ask("PUT", "/devices/a", R"({"status":"disabled"})", {{"If-Match", "*"}});
    // Neither by its own key nor by that of a policy, which MQTT refuses too.
    EXPECT_EQ(ask("POST", "/devices/a/messages/events", "x", own).status, 401);
    for (auto const* const target : {"/devices/a/messages/events", "/devices/a/modules/m/messages/events"}) {
        auto const refused = ask("POST", target, "x");
        EXPECT_EQ(refused.status, 401) << target;
        EXPECT_EQ(refused.name(), "IotHubUnauthorized");
        EXPECT_THAT(refused.body["Message"].get<std::string>(), testing::HasSubstr("'a' is disabled"));
    }
    EXPECT_EQ(ask("GET", "/ounce/v1/telemetry?from=earliest").body["messages"].size(), 2U);
    EXPECT_EQ(ask("POST", "/devices/nobody/messages/events", "x").name(), "DeviceNotFound");
}

TEST_F(IotRoutesTest, RefusesEventsThatAreTooLarge) {
    ask("PUT", "/devices/a", "{}");
    auto const large = std::string(iot::kMessageBytesMax + 1, 'x');
    auto const refused = ask("POST", "/devices/a/messages/events", large, as_device("a"));
    EXPECT_EQ(refused.status, 413);
    EXPECT_EQ(refused.name(), "MessageTooLarge");
    auto const half = crypto::to_base64(Bytes(iot::kMessageBytesMax / 2 + 1));
    auto const batch = Json::array({{{"body", half}}, {{"body", half}}});
    EXPECT_EQ(parse_event_batch(batch, {"a", ""}, "1").error().reason, "MessageTooLarge");
}

TEST(IotEventTest, RefusesWhatIsNoBatch) {
    for (auto const* const body :
         {"{}", "[]", "[1]", R"([{}])", R"([{"body":1}])", R"([{"body":"?"}])",
          R"([{"body":"","properties":[]}])", R"([{"body":"","properties":{"iothub-app-x":[]}}])"})
        EXPECT_FALSE(parse_event_batch(Json::parse(body), {"a", ""}, "1")) << body;
    auto const many = [](std::size_t count) { return Json(count, {{"body", ""}}); };
    EXPECT_TRUE(parse_event_batch(many(1'000), {"a", ""}, "1"));
    EXPECT_FALSE(parse_event_batch(many(1'001), {"a", ""}, "1"));
    auto const plain =
        parse_event_batch(Json::parse(R"([{"body":"{}","base64Encoded":false}])"), {"a", ""}, "1");
    ASSERT_TRUE(plain);
    EXPECT_EQ(as_text(plain->front().body), "{}");
}

TEST(IotEventTest, HeadersBecomeProperties) {
    auto const bag = parse_event_properties({{"Host", "h"},
                                             {"IOTHUB-APP-Kind", "a b"},
                                             {"iothub-to", "/x"},
                                             {"iothub-contenttype", "application/json"},
                                             {"iothub-app-", "no name"}});
    ASSERT_TRUE(bag);
    ASSERT_EQ(bag->application.size(), 1U);
    EXPECT_EQ(bag->application[0].key, "Kind");
    EXPECT_EQ(bag->application[0].value, "a b");
    EXPECT_EQ(bag->system.content_type, "application/json");
    EXPECT_FALSE(parse_event_properties({{"iothub-app-x", "\xff"}}));
}

}  // namespace
}  // namespace ounce::api
