#pragma once

#include "api/route.hpp"

namespace ounce::api {

/// The device hub's way to say an error (iothub-service-rest-amqp.md D12):
/// {"Message":"ErrorCode:<Name>;<text>","ExceptionMessage":"Tracking ID:…"} and "iothub-errorcode: <Name>".
/// The error's reason is the name; without one its code has a usual name. Some names have a status of their
/// own (BadDeviceResponse 502). Pure but for the time in it, by which the log is searched.
Response iot_error(Error const& error);

}  // namespace ounce::api
