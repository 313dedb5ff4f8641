#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "iot/telemetry_log.hpp"
#include "net/http.hpp"

namespace ounce::api {

// Messages that devices send over HTTPS (iothub-auth-mqtt-http.md C). Pure functions, any thread.

inline constexpr std::string_view kEventBatchType = "application/vnd.microsoft.iothub.json";

/// Properties as header fields have them: "iothub-app-NAME" is the application's NAME, others like
/// "IoTHub-MessageId" are the hub's; what is neither is passed over. Names are compared without case.
/// Errors: InvalidArgument for text that is not UTF-8; ResourceExhausted ("MessageTooLarge") for too many.
Result<wire::PropertyBag> parse_event_properties(
    std::vector<std::pair<std::string, std::string>> const& fields);

/// The body of a batch: [{"body":"<base64>" or text, "base64Encoded":bool, "properties":{…}}]. Each message
/// has `from` and `generation`. Errors: InvalidArgument, naming the item; as parse_event_properties;
/// ResourceExhausted ("MessageTooLarge") if the bodies together are larger than kMessageBytesMax.
Result<std::vector<iot::Message>> parse_event_batch(Json const& body, iot::Name const& from,
                                                    std::string const& generation);

}  // namespace ounce::api
