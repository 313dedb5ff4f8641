#include "cli/hub_error.hpp"

#include "base/json.hpp"
#include "base/utf8.hpp"
#include "cli/output.hpp"

namespace ounce::cli {
namespace {

constexpr std::size_t kWordsBytesMax = 500;

std::string text_of(Json const& object, char const* key) {
    auto const found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// "ErrorCode:DeviceNotFound;no such device" -> reason and words (iothub-service-rest-amqp.md section D12).
void split_reason(Error& error) {
    constexpr std::string_view mark = "ErrorCode:";
    if (!error.message.starts_with(mark)) return;
    auto const end = error.message.find(';');
    error.reason = error.message.substr(mark.size(), end - mark.size());
    error.message = end == std::string::npos ? error.reason : error.message.substr(end + 1);
}

void read_body(Json const& body, Error& error) {
    if (!body.is_object()) return;
    if (auto const nested = body.find("error"); nested != body.end() && nested->is_object())
        return read_body(*nested, error);
    if (auto const list = body.find("errors"); list != body.end() && list->is_array() && !list->empty())
        return read_body(list->front(), error);
    error.reason = text_of(body, "code");
    for (auto const* const key : {"message", "Message"})
        if (auto words = text_of(body, key); !words.empty()) error.message = std::move(words);
    split_reason(error);
}

}  // namespace

Code code_of(int status) {
    switch (status) {
        case 401:
            return Code::Unauthenticated;
        case 403:
            return Code::PermissionDenied;
        case 404:
            return Code::NotFound;
        case 408:
        case 504:
            return Code::DeadlineExceeded;
        case 409:
            return Code::AlreadyExists;
        case 412:
            return Code::Aborted;
        case 413:
        case 429:
        case 507:
            return Code::ResourceExhausted;
        case 415:
        case 501:
            return Code::Unimplemented;
        case 502:
        case 503:
            return Code::Unavailable;
        default:
            return status >= 400 && status < 500 ? Code::InvalidArgument : Code::Internal;
    }
}

Error error_of(int status, std::string_view body) {
    Error error{code_of(status), {}};
    if (auto const json = parse_json(body)) read_body(*json, error);
    if (error.message.empty()) error.message = fmt::format("the hub answered with status {}", status);
    if (error.message.size() > kWordsBytesMax) error.message.resize(kWordsBytesMax);
    error.message = printable(to_utf8(error.message));
    return error;
}

}  // namespace ounce::cli
