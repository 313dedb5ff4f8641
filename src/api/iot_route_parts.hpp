#pragma once

#include <vector>

#include "api/iot_services.hpp"
#include "api/route.hpp"
#include "iot/precondition.hpp"

namespace ounce::api {

// What the files of the device hub's routes share, and the tables that iot_routes.cpp puts together.

/// Adds to an answer that its request must state an "api-version" (iothub-service-rest-amqp.md D1); any date
/// is good. Errors: InvalidArgument.
Answer versioned(Answer answer);
DeferredAnswer versioned(DeferredAnswer answer);

/// The {device} and, if the pattern has one, the {module} of a request.
iot::Name target_of(Call const& call);

/// What its If-Match header asks for.
iot::Precondition precondition_of(Call const& call);

/// The body of an answer with its tag in the header too (D2).
Response tagged_response(Json const& json);

std::vector<Route> device_routes(IotServices const& services);      // D3, D4, D7 for one device
std::vector<Route> statistics_routes(IotServices const& services);  // D3
std::vector<Route> twin_routes(IotServices const& services);        // D5, D9
std::vector<Route> event_routes(IotServices const& services);       // auth-mqtt-http C: a device sends
std::vector<Route> query_routes(IotServices const& services);       // D6
std::vector<Route> telemetry_routes(IotServices const& services);   // ours: reading what devices sent

}  // namespace ounce::api
