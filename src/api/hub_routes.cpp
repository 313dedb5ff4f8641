#include "api/hub_routes.hpp"

#include <chrono>
#include <memory>

#include "api/access.hpp"

namespace ounce::api {
namespace {

using crypto::Right;

constexpr net::BodyPlan kNoBody{.to = net::BodyPlan::To::Memory, .bytes_max = 0};

Response openmetrics(HubView const& view) {
    view.refresh();
    Response response;
    response.headers.add("Content-Type", "application/openmetrics-text; version=1.0.0; charset=utf-8");
    response.body = view.metrics.openmetrics();
    return response;
}

Response health(HubView const& view, Instant started) {
    auto const uptime = std::chrono::floor<std::chrono::seconds>(view.clock.instant() - started);
    return json_response(
        OrderedJson{{"status", "ok"}, {"version", OUNCE_VERSION}, {"uptimeSeconds", uptime.count()}});
}

Response about(HubView const& view, Principal const& asker) {
    OrderedJson const ports{{"https", view.ports.https.load()}, {"mqtt", view.ports.mqtt.load()}};
    return json_response(OrderedJson{{"version", OUNCE_VERSION},
                                     {"hosts", view.hosts},
                                     {"ports", ports},
                                     {"principal", asker.name},
                                     {"rights", right_names(asker.rights)}});
}

}  // namespace

RouteGroup hub_routes(HubView given) {
    auto const view = std::make_shared<HubView const>(std::move(given));
    Answer const say_health = [view, started = view->clock.instant()](Call&) {
        return health(*view, started);
    };
    Answer const say_metrics = [view](Call&) { return openmetrics(*view); };
    Answer const say_about = [view](Call& call) { return about(*view, call.principal); };
    auto const metrics_access = view->metrics_public ? Access::Anyone : Access::Key;
    return {"hub",
            "/",
            plain_error,
            {{"GET", "/healthz", Access::Anyone, {}, kNoBody, say_health},
             {"GET", "/metrics", metrics_access, Right::ServiceConnect, kNoBody, say_metrics},
             {"GET", "/ounce/v1/about", Access::AnyKey, {}, kNoBody, say_about}}};
}

}  // namespace ounce::api
