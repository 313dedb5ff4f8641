#include "api/iot_error.hpp"

#include <algorithm>
#include <array>

#include "base/clock.hpp"

namespace ounce::api {
namespace {

struct NamedStatus {
    std::string_view name;
    int status;
};
/// Where the name of a failure says more than its code.
constexpr std::array kStatuses = {
    NamedStatus{"MethodNotAllowed", 405},       NamedStatus{"InvalidOperation", 400},
    NamedStatus{"TooManyModulesOnDevice", 403}, NamedStatus{"MessageTooLarge", 413},
    NamedStatus{"ThrottlingException", 429},    NamedStatus{"BadDeviceResponse", 502},
};

std::string_view usual_name(Code code) {
    switch (code) {
        case Code::InvalidArgument:
            return "ArgumentInvalid";
        case Code::Unauthenticated:
            return "IotHubUnauthorized";
        case Code::PermissionDenied:
            return "IotHubUnauthorizedAccess";
        case Code::NotFound:
            return "NotFound";
        case Code::AlreadyExists:
            return "DeviceAlreadyExists";
        case Code::FailedPrecondition:
            return "InvalidOperation";
        case Code::Aborted:
            return "PreconditionFailed";
        case Code::DeadlineExceeded:
            return "GatewayTimeout";
        case Code::Unimplemented:
            return "NotImplemented";
        case Code::ResourceExhausted:  // a full disk: it may be emptied
        case Code::Unavailable:
        case Code::Cancelled:
            return "ServiceUnavailable";
        case Code::DataLoss:
        case Code::Internal:
            return "ServerError";
    }
    return "ServerError";
}

int status_for(Error const& error, std::string_view name) {
    auto const* const found = std::ranges::find(kStatuses, name, &NamedStatus::name);
    if (found != kStatuses.end()) return found->status;
    // Policies without the right are 401 on this wire (the vendor's has 403 for something else).
    if (error.code == Code::PermissionDenied) return 401;
    if (name == "ServiceUnavailable") return 503;
    return status_of(error.code);
}

/// What we did wrong is for our log; the caller learns that it was us.
std::string text_for(Error const& error) {
    if (error.code == Code::Internal || error.code == Code::DataLoss)
        return "the hub made a mistake; its log tells more";
    // Node cuts the text at the first ';'.
    auto text = error.message;
    std::ranges::replace(text, ';', ',');
    return text;
}

}  // namespace

Response iot_error(Error const& error) {
    auto const name = error.reason.empty() ? usual_name(error.code) : std::string_view(error.reason);
    OrderedJson const body{
        {"Message", fmt::format("ErrorCode:{};{}", name, text_for(error))},
        {"ExceptionMessage", fmt::format("Tracking ID:-TimeStamp:{}", to_iso8601(system_clock().now()))}};
    auto response = json_response(body, status_for(error, name));
    response.headers.add("iothub-errorcode", std::string(name));
    return response;
}

}  // namespace ounce::api
