#include "api/router.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>

#include "api/access.hpp"
#include "base/log.hpp"
#include "crypto/base64.hpp"
#include "crypto/sas_token.hpp"
#include "crypto/signed_url.hpp"

namespace ounce::api {
namespace {

using namespace std::chrono_literals;
using crypto::Right;
using testing::HasSubstr;
using testing::Not;

/// Says who was asked, with what, by whom.
Result<Response> echo(Call& call) {
    std::string text = call.principal.name;
    for (auto const& [name, value] : call.parameters) text += fmt::format(" {}={}", name, value);
    for (auto const& [name, value] : call.query) text += fmt::format(" ?{}={}", name, value);
    text += " ";
    text += as_text(call.request.body);
    return text_response(std::move(text));
}

Dialect dialect(std::string name) {
    return [name](Error const& error) {
        return text_response(fmt::format("{}: {} {}", name, error.reason, error.message),
                             status_of(error.code));
    };
}

class RouterTest : public testing::Test {
  protected:
    RouterTest() : router(groups(), keyring, devices(), workers, clock, metrics) {}

    std::vector<RouteGroup> groups() {
        Answer const fails = [](Call&) -> Result<Response> { return fail(Code::Internal, "it broke"); };
        DeferredAnswer const later = [this](Call, Later answer) { kept.push_back(std::move(answer)); };
        DeferredAnswer const never = [](Call, Later const&) {};
        net::BodyPlan const file{.to = net::BodyPlan::To::File, .bytes_max = 7};
        return {
            {"iot",
             "/",
             dialect("iot"),
             {{"GET", "/devices/{id}", Access::Key, Right::RegistryRead, {}, echo},
              {"PUT", "/devices/{id}", Access::Key, Right::RegistryWrite, {}, echo},
              {"POST", "/devices/query", Access::Key, Right::RegistryRead, {}, echo},
              {"POST", "/devices/{device}/messages", Access::Device, Right::DeviceConnect, {}, echo},
              {"GET",
               "/twins/{device}/modules/{module}",
               Access::DeviceOrKey,
               Right::ServiceConnect,
               {},
               echo},
              {"GET", "/healthz", Access::Anyone, Right::RegistryRead, {}, echo},
              {"GET", "/about", Access::AnyKey, Right::Train, {}, echo},
              {"GET", "/broken", Access::Anyone, Right::RegistryRead, {}, fails},
              {"GET", "/later", Access::Anyone, Right::RegistryRead, {}, later},
              {"GET", "/never", Access::Anyone, Right::RegistryRead, {}, never}}},
            {"blobs",
             "/blob",
             dialect("blobs"),
             {{"GET", "/blob/{path...}", Access::SignedUrl, Right::ModelsRead, {}, echo},
              {"PUT", "/blob/{path...}", Access::SignedUrl, Right::ModelsRead, file, echo}}},
        };
    }
    DeviceAuthenticator devices() {
        return [this](std::string_view authorization, std::string_view device,
                      std::string_view module) -> Result<Principal> {
            auto const token = crypto::parse_sas_token(authorization).value();
            if (!crypto::verify(token, as_bytes("device key"), clock.now()))
                return fail(Code::Unauthenticated, "wrong key");
            return Principal{.name = fmt::format("{}/{}", device, module),
                             .rights = {},
                             .device = std::string(device),
                             .module = std::string(module)};
        };
    }

    static net::RequestHead head(std::string method, std::string_view target, net::Headers headers = {}) {
        net::RequestHead head;
        head.method = std::move(method);
        auto const mark = std::min(target.find('?'), target.size());
        head.path = target.substr(0, mark);
        head.query = target.substr(std::min(mark + 1, target.size()));
        head.headers = std::move(headers);
        head.peer = "10.0.0.9";
        return head;
    }
    net::HttpResponse ask(net::RequestHead const& head, std::string_view body = "") {
        auto admitted = router.admit(head);
        if (auto* const refusal = std::get_if<net::HttpResponse>(&admitted)) return std::move(*refusal);
        net::HttpRequest request;
        static_cast<net::RequestHead&>(request) = head;
        request.body.assign(body.begin(), body.end());
        std::promise<net::HttpResponse> promise;
        auto answer = promise.get_future();
        net::Reply reply([&promise](net::HttpResponse response) { promise.set_value(std::move(response)); });
        std::get<net::Admission>(admitted).handle(std::move(request), std::move(reply));
        return answer.get();
    }
    static std::string text(net::HttpResponse const& response) {
        return fmt::format("{} {}", response.status, std::get<std::string>(response.body));
    }
    net::Headers policy(char const* name, char const* resource = "hub.example") {
        auto const key = keyring.find_policy(name)->primary.bytes();
        return {{"Authorization", crypto::sign_sas_token(resource, key, name, clock.now() + 1h)}};
    }
    net::Headers device(char const* key) {
        return {{"Authorization",
                 crypto::sign_sas_token("hub.example/devices/cam", as_bytes(key), "", clock.now() + 1h)}};
    }

    crypto::Keyring const keyring = crypto::Keyring::create({"hub.example"}).value();
    FakeClock clock;
    Metrics metrics;
    std::vector<Later> kept;
    WorkerPool workers{1, 10};
    Router router;
};

TEST_F(RouterTest, FindsRoutesAndDecodesWhatTheyName) {
    struct {
        char const* method;
        char const* target;
        char const* answer;
    } const cases[] = {
        {"GET", "/healthz", "200  "},
        {"GET", "//HealthZ/", "200  "},
        {"HEAD", "/healthz", "200  "},
        {"GET", "/devices/cam%201%2F2", "200 iothubowner id=cam 1/2 "},
        {"GET", "/devices/cam?a=1%202&b&a=x+y", "200 iothubowner id=cam ?a=1 2 ?b= ?a=x y "},
        {"GET", "/devices/query", "200 iothubowner id=query "},
        {"POST", "/devices/query", "200 iothubowner "},
        {"GET", "/nothing", "404 iot: RouteNotFound there is nothing at this path"},
        {"GET", "/", "404 iot: RouteNotFound there is nothing at this path"},
        {"GET", "/Blob", "404 blobs: RouteNotFound there is nothing at this path"},
        {"GET", "/blobs/a", "404 iot: RouteNotFound there is nothing at this path"},
        {"DELETE", "/devices/cam", "405 iot: MethodNotAllowed this path takes GET, PUT"},
        {"GET", "/devices/../x", "400 iot:"},
        {"GET", "/devices/%zz", "400 iot:"},
        {"GET", "/blob/%00", "400 blobs:"},
        {"GET", "/devices/a?x=%f", "400 iot:"},
    };
    for (auto const& c : cases) {
        SCOPED_TRACE(fmt::format("{} {}", c.method, c.target));
        EXPECT_THAT(text(ask(head(c.method, c.target, policy("iothubowner")))),
                    testing::StartsWith(c.answer));
    }
    EXPECT_EQ(ask(head("DELETE", "/devices/cam")).headers.find("Allow"), "GET, PUT");
}

TEST_F(RouterTest, ChecksWhoAsks) {
    auto const training = crypto::to_base64(keyring.find_policy("training")->primary.bytes());
    struct {
        char const* what;
        char const* method;
        char const* target;
        net::Headers headers;
        char const* answer;
    } const cases[] = {
        {"no credential", "GET", "/devices/cam", {}, "401 iot:"},
        {"a right", "GET", "/devices/cam", policy("registryRead"), "200 registryRead id=cam"},
        {"not that right", "PUT", "/devices/cam", policy("registryRead"), "403 iot:"},
        {"a part of the hub", "PUT", "/devices/cam", policy("registryReadWrite", "hub.example/devices"),
         "200"},
        {"another part", "PUT", "/devices/cam", policy("registryReadWrite", "hub.example/twins"), "401"},
        {"another wire's key", "GET", "/devices/cam", {{"Training-Key", training}}, "403 iot:"},
        {"any key", "GET", "/about", policy("registryRead"), "200 registryRead "},
        {"any key but none", "GET", "/about", {}, "401 iot:"},
        {"a device's own", "POST", "/devices/cam/messages", device("device key"),
         "200 cam/ device=cam hello"},
        {"a wrong key", "POST", "/devices/cam/messages", device("other key"), "401 iot:  wrong key"},
        {"a policy for devices", "POST", "/devices/cam/messages", policy("device"), "200 device device=cam"},
        {"a policy not for them", "POST", "/devices/cam/messages", policy("service"), "403 iot:"},
        {"a device's on its twin", "GET", "/twins/cam/modules/m", device("device key"), "200 cam/m"},
        {"a service on a twin", "GET", "/twins/cam/modules/m", policy("service"), "200 service"},
        {"no service on a twin", "GET", "/twins/cam/modules/m", policy("registryRead"), "403"},
        {"a device's where keys belong", "GET", "/devices/cam", device("device key"), "401 iot:"},
    };
    for (auto const& c : cases) {
        SCOPED_TRACE(c.what);
        EXPECT_THAT(text(ask(head(c.method, c.target, c.headers), "hello")), testing::StartsWith(c.answer));
    }
}

TEST_F(RouterTest, TakesSignedUrlsForTheirPathAndPurpose) {
    auto const url = [&](crypto::UrlAccess access) {
        return "?comp=block&" +
               crypto::sign_url(keyring.signing_key(), access, "/blob/a b/c", clock.now() + 1h);
    };
    auto const read = url(crypto::UrlAccess::Read);
    auto const write = url(crypto::UrlAccess::Write);
    EXPECT_THAT(text(ask(head("GET", "/blob/a%20b/c" + read))), HasSubstr("200 signed-url path=a b/c"));
    EXPECT_EQ(ask(head("HEAD", "/blob/a%20b/c" + read)).status, 200);
    EXPECT_EQ(ask(head("PUT", "/blob/a%20b/c" + write)).status, 200);
    EXPECT_EQ(ask(head("PUT", "/blob/a%20b/c" + read)).status, 401);
    EXPECT_EQ(ask(head("GET", "/blob/a%20b/d" + read)).status, 401);
    EXPECT_EQ(ask(head("GET", "/blob/a%20b/c")).status, 401);
    EXPECT_EQ(ask(head("GET", "/blob/a%20b/c", policy("iothubowner"))).status, 401);
    clock.advance(2h);
    EXPECT_EQ(ask(head("GET", "/blob/a%20b/c" + read)).status, 401);
}

TEST_F(RouterTest, TellsTheServerWhereBodiesGo) {
    auto const query =
        crypto::sign_url(keyring.signing_key(), crypto::UrlAccess::Write, "/blob/a", clock.now() + 1h);
    auto const admitted = router.admit(head("PUT", "/blob/a?" + query));
    ASSERT_TRUE(std::holds_alternative<net::Admission>(admitted));
    EXPECT_EQ(std::get<net::Admission>(admitted).body.to, net::BodyPlan::To::File);
    EXPECT_EQ(std::get<net::Admission>(admitted).body.bytes_max, 7U);
}

TEST_F(RouterTest, AnswersLaterAndForLostAnswers) {
    auto const admit = [&](char const* target) { return router.admit(head("GET", target)); };
    std::promise<net::HttpResponse> promise;
    auto answer = promise.get_future();
    auto admitted = admit("/later");
    net::Reply reply([&promise](net::HttpResponse response) { promise.set_value(std::move(response)); });
    std::get<net::Admission>(admitted).handle({}, std::move(reply));
    workers.drain();
    ASSERT_EQ(kept.size(), 1U);
    kept.front().send(fail(Code::DeadlineExceeded, "no answer from the device"));
    EXPECT_EQ(text(answer.get()), "504 iot:  no answer from the device");
}

TEST_F(RouterTest, WordsLostAnswersInTheDialect) {
    EXPECT_THAT(text(ask(head("GET", "/never"))), testing::StartsWith("500 iot:"));
}

TEST_F(RouterTest, IsBusyWhenTheQueueIsFull) {
    std::promise<void> gate;
    auto opened = gate.get_future().share();
    std::promise<void> busy;  // until the worker has taken this, it may yet make room in a full queue
    ASSERT_TRUE(workers.post([&busy, opened] {
        busy.set_value();
        opened.wait();
    }));
    busy.get_future().wait();
    while (workers.post([opened] { opened.wait(); })) {
    }
    EXPECT_THAT(text(ask(head("GET", "/healthz"))), testing::StartsWith("503 iot:"));
    gate.set_value();
}

TEST_F(RouterTest, CountsByWireAndStatus) {
    (void)ask(head("GET", "/healthz"));
    (void)ask(head("GET", "/devices/cam"));
    (void)ask(head("GET", "/nothing"));
    (void)ask(head("GET", "/broken"));
    auto const page = metrics.openmetrics();
    EXPECT_THAT(page, HasSubstr("http_requests_total{wire=\"iot\",status=\"2xx\"} 1\n"));
    EXPECT_THAT(page, HasSubstr("http_requests_total{wire=\"iot\",status=\"4xx\"} 2\n"));
    EXPECT_THAT(page, HasSubstr("http_requests_total{wire=\"iot\",status=\"5xx\"} 1\n"));
    EXPECT_THAT(page, HasSubstr("http_request_seconds_count{wire=\"iot\"} 3\n"));
}

TEST_F(RouterTest, LogsFailuresOnceAndNoSecrets) {
    testing::internal::CaptureStderr();
    set_log_level(LogLevel::Debug);
    (void)ask(head("GET", "/broken?sig=verysecret", {{"Authorization", "Bearer verysecret"}}));
    (void)ask(head("GET", "/devices/cam?sig=verysecret", {{"Training-Key", "verysecret"}}));
    (void)ask(head("GET", "/blob/a?se=1&sp=r&sig=verysecret"));
    set_log_level(LogLevel::Info);
    auto const log = testing::internal::GetCapturedStderr();
    EXPECT_THAT(log, HasSubstr(" error request failed wire=iot method=GET route=/broken status=500"));
    EXPECT_THAT(log, HasSubstr("it broke"));
    EXPECT_EQ(log.find("error"), log.rfind(" error ") + 1);
    EXPECT_THAT(log, Not(HasSubstr("verysecret")));
}

TEST_F(RouterTest, WordsTheServersOwnErrorsInTheDialectOfThePath) {
    Error const error{Code::ResourceExhausted, "too large"};
    auto const request = head("PUT", "/blob/x");
    EXPECT_EQ(text(router.refuse(413, error, &request)), "413 blobs:  too large");
    EXPECT_THAT(text(router.refuse(431, error, nullptr)), testing::StartsWith("431 {\"error\""));
}

TEST_F(RouterTest, MayGoBeforeItsAnswers) {
    std::promise<net::HttpResponse> promise;
    auto answer = promise.get_future();
    {
        Router brief(groups(), keyring, devices(), workers, clock, metrics);
        auto admitted = brief.admit(head("GET", "/later"));
        net::Reply reply([&promise](net::HttpResponse response) { promise.set_value(std::move(response)); });
        std::get<net::Admission>(admitted).handle({}, std::move(reply));
    }
    workers.drain();
    ASSERT_EQ(kept.size(), 1U);
    kept.clear();
    EXPECT_THAT(text(answer.get()), testing::StartsWith("500 iot:"));
}

}  // namespace
}  // namespace ounce::api
