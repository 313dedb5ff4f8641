#include "api/hub_routes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace ounce::api {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

struct HubRoutes : testing::Test {
    HubView view() {
        return {.metrics = metrics, .clock = clock, .ports = ports, .hosts = {"hub.example", "10.0.0.1"}};
    }
    static Result<Response> ask(RouteGroup const& group, std::string_view pattern, Principal principal = {}) {
        for (auto const& route : group.routes) {
            if (route.pattern != pattern) continue;
            Call call;
            call.principal = std::move(principal);
            return std::get<Answer>(route.answer)(call);
        }
        return fail(Code::NotFound, "no route {}", pattern);
    }
    static Access access(RouteGroup const& group, std::string_view pattern) {
        for (auto const& route : group.routes) {
            if (route.pattern == pattern) return route.access;
        }
        ADD_FAILURE() << "no route " << pattern;
        return Access::Anyone;
    }

    FakeClock clock;
    Metrics metrics;
    HubPorts ports;
};

TEST_F(HubRoutes, HealthTellsHowLongItServes) {
    auto const group = hub_routes(view());
    clock.advance(61s);
    auto const response = ask(group, "/healthz").value();
    EXPECT_THAT(std::get<std::string>(response.body), HasSubstr(R"({"status":"ok","version":")"));
    EXPECT_THAT(std::get<std::string>(response.body), HasSubstr(R"("uptimeSeconds":61})"));
    EXPECT_EQ(access(group, "/healthz"), Access::Anyone);
}

TEST_F(HubRoutes, MetricsAreRefreshedAndNeedAKeyUnlessPublic) {
    auto& fresh = metrics.gauge("fresh", "how fresh");
    auto with_refresh = view();
    with_refresh.refresh = [&fresh] { fresh.add(1); };
    auto const group = hub_routes(with_refresh);
    auto const response = ask(group, "/metrics").value();
    EXPECT_THAT(std::get<std::string>(response.body), HasSubstr("fresh 1\n"));
    EXPECT_THAT(std::string(response.headers.find("Content-Type").value()), HasSubstr("openmetrics-text"));
    EXPECT_EQ(access(group, "/metrics"), Access::Key);
    auto open = view();
    open.metrics_public = true;
    EXPECT_EQ(access(hub_routes(open), "/metrics"), Access::Anyone);
}

TEST_F(HubRoutes, AboutTellsWhereTheHubIsAndWhatTheKeyMay) {
    auto const group = hub_routes(view());
    ports.https = 8443;
    ports.mqtt = 8883;
    Principal const asker{.name = "service",
                          .rights = crypto::Right::ServiceConnect | crypto::Right::ModelsRead,
                          .device = {},
                          .module = {}};
    auto const about =
        parse_json(std::get<std::string>(ask(group, "/ounce/v1/about", asker).value().body)).value();
    EXPECT_EQ(about["hosts"], Json::array({"hub.example", "10.0.0.1"}));
    EXPECT_EQ(about["ports"], (Json{{"https", 8443}, {"mqtt", 8883}}));
    EXPECT_EQ(about["principal"], "service");
    EXPECT_EQ(about["rights"], Json::array({"ServiceConnect", "ModelsRead"}));
    EXPECT_EQ(access(group, "/ounce/v1/about"), Access::AnyKey);
}

}  // namespace
}  // namespace ounce::api
