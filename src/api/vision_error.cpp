#include "api/vision_error.hpp"

#include <array>

#include "project/guid.hpp"

namespace ounce::api {
namespace {

constexpr char kNoKey[] =
    "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key "
    "for an active subscription and use a correct regional API endpoint for your resource.";

struct Prefix {
    std::string_view word;
    int status;
};
constexpr std::array kPrefixes{Prefix{"BadRequest", 400}, Prefix{"UnsupportedMediaType", 415},
                               Prefix{"Forbidden", 403},  Prefix{"NotFound", 404},
                               Prefix{"Conflict", 409},   Prefix{"Error", 500}};

/// The status of one of this wire's own codes; 0 for any other word.
int status_of_reason(std::string_view reason) {
    for (auto const& prefix : kPrefixes)
        if (reason.starts_with(prefix.word)) return prefix.status;
    return 0;
}

/// The wire's word for a failure that has none of its own.
std::string_view word_of(Code code) {
    switch (code) {
        case Code::InvalidArgument:
        case Code::FailedPrecondition:
            return "BadRequest";
        case Code::Unimplemented:
            return "BadRequestOperationNotSupported";
        case Code::ResourceExhausted:  // the server's own: a body beyond what the route takes
            return "BadRequestImageSizeBytes";
        case Code::NotFound:
            return "NotFound";
        case Code::PermissionDenied:
            return "Forbidden";
        case Code::AlreadyExists:
        case Code::Aborted:
            return "Conflict";
        case Code::Unauthenticated:
        case Code::DataLoss:
        case Code::DeadlineExceeded:
        case Code::Unavailable:
        case Code::Cancelled:
        case Code::Internal:
            break;
    }
    return "ErrorUnknown";
}

Response nested(int status, std::string_view message) {
    return json_response(
        OrderedJson{{"error", OrderedJson{{"code", std::to_string(status)}, {"message", message}}}}, status);
}

Response worded(Error const& error) {
    if (error.code == Code::Unauthenticated) return nested(401, kNoKey);
    if (error.reason == "RouteNotFound") return nested(404, "Resource not found");
    if (error.reason == "MethodNotAllowed") return nested(405, error.message);
    if (auto const status = status_of_reason(error.reason); status != 0)
        return json_response(OrderedJson{{"code", error.reason}, {"message", error.message}}, status);
    auto const word = word_of(error.code);
    // What may work later stays what it is: 503 and 504 say so better than 500.
    auto const status = word == "ErrorUnknown" || error.code == Code::ResourceExhausted
                            ? status_of(error.code)
                            : status_of_reason(word);
    bool const ours = status == 500;
    return json_response(OrderedJson{{"code", word},
                                     {"message", ours ? "The hub failed: its log tells more"
                                                      : std::string_view(error.message)}},
                         status);
}

}  // namespace

Response vision_error(Error const& error) {
    auto response = worded(error);
    add_vision_headers(response);
    return response;
}

void add_vision_headers(Response& response, std::string request_id) {
    if (response.headers.find("apim-request-id")) return;
    if (request_id.empty()) request_id = project::Guid::random().text();
    response.headers.add("apim-request-id", request_id);
    response.headers.add("Request-Id", std::move(request_id));
    response.headers.add("X-Content-Type-Options", "nosniff");
}

}  // namespace ounce::api
