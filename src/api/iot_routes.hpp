#pragma once

#include <vector>

#include "api/iot_services.hpp"
#include "api/route.hpp"

namespace ounce::api {

/// The routes of the device hub: registry, twins, methods, statistics, events sent over HTTPS
/// (iothub-service-rest-amqp.md D, iothub-auth-mqtt-http.md C), and our own /ounce/v1/telemetry:
///
/// GET /ounce/v1/telemetry?device=&module=&from=earliest|latest|TIME&after=CURSOR&limit=&wait=SECONDS
///   Messages behind `after`, or else from `from` on (latest if neither is given), at most `limit` (100; 1000
///   at most). If there is none yet, waits up to `wait` seconds (0; 60 at most) for the first.
///   A name in the query that is none of these, and not api-version, is refused.
///   {"messages":[{"partition","sequence","enqueuedTime","deviceId","moduleId","properties",
///     "systemProperties","body" | "bodyBase64"}],"cursor":"…"}
///   `cursor` given back as `after` misses nothing and repeats nothing. `body` is text; what is not UTF-8
///   comes as `bodyBase64`.
std::vector<RouteGroup> iot_groups(IotServices const& services);

}  // namespace ounce::api
