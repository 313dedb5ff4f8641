#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.hpp"
#include "base/json.hpp"
#include "base/result.hpp"

namespace ounce::cli {

/// A device's message as the hub tells it to `ounce monitor`.
struct TelemetryMessage {
    std::string enqueued;  // ISO 8601
    std::string device;
    std::string module;  // "" for the device itself
    Bytes body;
    Json properties = Json::object();         // the device's own
    Json system_properties = Json::object();  // contentType, messageId, ...
    std::int64_t partition = 0;
    std::int64_t sequence = 0;  // counts up in its partition
};

/// Errors: DataLoss if it is not what the hub says.
Result<TelemetryMessage> parse_message(Json const& json);

/// One object, without a line end: "body" if it is UTF-8, else "bodyBase64".
std::string json_line(TelemetryMessage const& message);

/// One line for a person, without its end and without control characters; a body that is no text is told by
/// its size.
std::string text_line(TelemetryMessage const& message);

}  // namespace ounce::cli
