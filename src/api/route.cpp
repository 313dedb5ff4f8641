#include "api/route.hpp"

#include <algorithm>

namespace ounce::api {
namespace {

constexpr char const* kJson = "application/json; charset=utf-8";

Response with_type(char const* type, std::string body, int status) {
    Response response;
    response.status = status;
    response.headers.add("Content-Type", type);
    response.body = std::move(body);
    return response;
}

}  // namespace

std::string const& Call::parameter(std::string_view name) const {
    auto const found = std::ranges::find(parameters, name, [](auto const& pair) { return pair.first; });
    OUNCE_CHECK(found != parameters.end());
    return found->second;
}

std::optional<std::string_view> Call::find_query(std::string_view key) const {
    auto const found =
        std::ranges::find_if(query, [key](auto const& pair) { return net::same_name(pair.first, key); });
    if (found == query.end()) return std::nullopt;
    return found->second;
}

Result<Json> Call::json() const {
    if (request.body.empty()) return fail(Code::InvalidArgument, "the request needs a body of JSON");
    auto parsed = parse_json(as_text(request.body));
    if (!parsed) return fail(std::move(parsed).error().in("the body of the request"));
    return parsed;
}

Later::~Later() {
    if (send_) send(fail(Code::Internal, "the hub lost this request: see its log"));
}

void Later::send(Result<Response> result) {
    OUNCE_CHECK(static_cast<bool>(send_));
    auto send = std::exchange(send_, {});
    send(std::move(result));
}

Response json_response(Json const& value, int status) {
    return with_type(kJson, dump_json(value), status);
}

Response json_response(OrderedJson const& value, int status) {
    return with_type(kJson, dump_json(value), status);
}

Response text_response(std::string text, int status) {
    return with_type("text/plain; charset=utf-8", std::move(text), status);
}

Response empty_response(int status) {
    Response response;
    response.status = status;
    return response;
}

int status_of(Code code) {
    switch (code) {
        case Code::InvalidArgument:
            return 400;
        case Code::Unauthenticated:
            return 401;
        case Code::PermissionDenied:
            return 403;
        case Code::NotFound:
            return 404;
        case Code::AlreadyExists:
        case Code::FailedPrecondition:
            return 409;
        case Code::Aborted:
            return 412;
        case Code::ResourceExhausted:
            return 413;
        case Code::Unimplemented:
            return 501;
        case Code::Unavailable:
        case Code::Cancelled:
            return 503;
        case Code::DeadlineExceeded:
            return 504;
        case Code::DataLoss:
        case Code::Internal:
            return 500;
    }
    return 500;
}

Response plain_error(Error const& error) {
    auto const code = error.reason.empty() ? std::string(to_string(error.code)) : error.reason;
    Json const body{{"error", {{"code", code}, {"message", error.message}}}};
    return json_response(body, status_of(error.code));
}

}  // namespace ounce::api
