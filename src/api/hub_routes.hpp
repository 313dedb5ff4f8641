#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "api/route.hpp"
#include "base/clock.hpp"
#include "base/metrics.hpp"

namespace ounce::api {

/// The ports that the hub's servers got, known only once they are bound. Any thread.
struct HubPorts {
    std::atomic<std::uint16_t> https{0};
    std::atomic<std::uint16_t> mqtt{0};
};

/// What a hub knows of itself. The references must outlive the routes.
struct HubView {
    Metrics const& metrics;
    Clock const& clock;
    HubPorts const& ports;
    std::vector<std::string> hosts;         // as in the keyring: the first is what it calls itself
    std::function<void()> refresh = [] {};  // before metrics are written, for what is looked up, not counted
    bool metrics_public = false;            // /metrics without a key
};

/// What watches over a hub, and what `ounce login` asks. This group words unknown paths that no other wire
/// has.
///
/// GET /healthz: 200 while it serves, {"status", "version", "uptimeSeconds"}. Anyone.
///
/// GET /metrics: OpenMetrics. A key with ServiceConnect (scrapers send one as Basic, with the policy's name),
/// or anyone if `metrics_public`.
///
/// GET /ounce/v1/about: {"version", "hosts", "ports": {"https", "mqtt"}, "principal", "rights"}. Any key.
RouteGroup hub_routes(HubView view);

}  // namespace ounce::api
