#pragma once

#include <functional>

#include "base/worker_pool.hpp"
#include "iot/device_hub.hpp"
#include "iot/methods.hpp"
#include "iot/presence.hpp"
#include "iot/telemetry_log.hpp"

namespace ounce::api {

/// What the routes of the device hub work with. All are borrowed, and must outlive the router and every
/// answer still out.
struct IotServices {
    iot::DeviceHub& devices;
    iot::PresenceBoard& presence;
    iot::TelemetryLog& telemetry;
    iot::MethodCaller const& call_method;
    WorkerPool& workers;
    Clock const& clock;
};

}  // namespace ounce::api
