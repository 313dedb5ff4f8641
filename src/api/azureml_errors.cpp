#include "api/azureml_errors.hpp"

#include "base/clock.hpp"

namespace ounce::api {
namespace {

std::string name_of(Error const& error) {
    if (!error.reason.empty()) return error.reason;
    switch (error.code) {
        case Code::NotFound:
            return "NotFound";
        case Code::Unauthenticated:
            return "Unauthorized";
        case Code::PermissionDenied:
            return "Forbidden";
        case Code::ResourceExhausted:
            return "QuotaExceeded";
        case Code::Unavailable:
            return "ServiceUnavailable";
        case Code::AlreadyExists:
        case Code::FailedPrecondition:
        case Code::Aborted:
            return "Conflict";
        case Code::Internal:
        case Code::DataLoss:
            return "InternalServerError";
        default:
            return "BadRequest";
    }
}

int shown_status(Error const& error) {
    return error.code == Code::PermissionDenied ? 401 : status_of(error.code);
}

std::string escape_xml(std::string_view text) {
    std::string escaped;
    for (auto const c : text) {
        if (c == '<')
            escaped += "&lt;";
        else if (c == '>')
            escaped += "&gt;";
        else if (c == '&')
            escaped += "&amp;";
        else if (static_cast<unsigned char>(c) < 0x20)
            escaped += ' ';
        else
            escaped += c;
    }
    return escaped;
}

}  // namespace

Response azureml_history_error(Error const& error) {
    // Without `details` the SDK's own exception breaks while it is printed.
    return json_response(
        Json({{"error", {{"code", name_of(error)}, {"message", error.message}, {"details", Json::array()}}},
              {"correlation", Json::object()},
              {"time", to_iso8601(system_clock().now())}}),
        shown_status(error));
}

Response azureml_model_error(Error const& error) {
    auto const code = name_of(error);
    auto const status = shown_status(error);
    // Only `correlation` is shown word for word.
    return json_response(Json({{"code", code},
                               {"statusCode", status},
                               {"message", error.message},
                               {"details", Json::array({{{"code", code}, {"message", error.message}}})},
                               {"correlation", {{"Reason", error.message}}}}),
                         status);
}

Response azureml_login_error(Error const& error) {
    auto const code = !error.reason.empty()                 ? error.reason
                      : error.code == Code::InvalidArgument ? std::string("invalid_request")
                                                            : std::string("invalid_client");
    return json_response(Json({{"error", code}, {"error_description", error.message}}), shown_status(error));
}

Response azureml_blob_error(Error const& error) {
    Response response;
    // A signature that does not fit is 403 on this wire.
    response.status = error.code == Code::Unauthenticated ? 403 : status_of(error.code);
    auto const code = error.code == Code::Unauthenticated ? "AuthenticationFailed" : name_of(error);
    response.headers.add("Content-Type", "application/xml");
    response.headers.add("x-ms-error-code", code);
    response.body = fmt::format(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{}</Code><Message>{}</Message></Error>",
        escape_xml(code), escape_xml(error.message));
    return response;
}

}  // namespace ounce::api
