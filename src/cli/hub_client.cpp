#include "cli/hub_client.hpp"

#include <condition_variable>
#include <mutex>

#include "base/clock.hpp"
#include "base/percent.hpp"
#include "cli/hub_error.hpp"
#include "crypto/sas_token.hpp"

namespace ounce::cli {
namespace {

constexpr std::chrono::hours kTokenLifetime{1};
constexpr std::chrono::milliseconds kFirstPause{500};

net::HttpClient::Options options_for(Profile const& profile, std::stop_token const& stop) {
    net::HttpClient::Options options;
    options.ca_pem = profile.ca;
    options.stop = stop;
    return options;
}

Result<Json> json_of(HubClient::Response const& response) {
    if (response.body.empty()) return Json();
    auto json = parse_json(response.body);
    if (!json)
        return fail(Code::DataLoss, "the hub's answer is not JSON: {}; is this the address of an Ounce hub?",
                    json.error().message);
    return json;
}

/// A path is made of names that people give; what is left of an empty one, or of one that means a folder,
/// would be the address of something else.
Status check_names(std::string_view path) {
    path = path.substr(0, path.find('?'));
    for (std::size_t slash = 0; slash != std::string_view::npos;) {
        auto const next = path.find('/', slash + 1);
        auto const name = path.substr(slash + 1, next == std::string_view::npos ? next : next - slash - 1);
        if (name.empty() || name == "." || name == "..")
            return fail(Code::InvalidArgument, "'{}' is no name: a name is not empty, and not '.' or '..'",
                        name);
        slash = next;
    }
    return {};
}

bool may_work_later(Error const& error) {
    return error.code == Code::Unavailable;
}

}  // namespace

std::string path_of(std::initializer_list<std::string_view> segments) {
    std::string path;
    for (auto const segment : segments) path += "/" + percent_encode(segment);
    return path;
}

void add_query(std::string& path, std::string_view key, std::string_view value) {
    auto const mark = path.find('?') == std::string::npos ? '?' : '&';
    path += fmt::format("{}{}={}", mark, key, percent_encode(value));
}

std::string query_of(std::initializer_list<std::pair<std::string_view, std::string_view>> pairs) {
    std::string query;
    for (auto const& [key, value] : pairs)
        if (!value.empty()) add_query(query, key, value);
    return query;
}

bool pause(std::chrono::milliseconds time, std::stop_token const& stop) {
    std::mutex mutex;
    std::condition_variable_any nobody_calls;
    std::unique_lock lock(mutex);
    nobody_calls.wait_for(lock, stop, time, [] { return false; });
    return !stop.stop_requested();
}

HubClient::HubClient(Profile profile, std::stop_token stop)
    : profile_(std::move(profile)), stop_(std::move(stop)), http_(options_for(profile_, stop_)) {}

Result<HubClient::Response> HubClient::send(Request request) {
    if (request.url.starts_with('/')) {
        TRY_STATUS(check_names(request.url));
        auto const& hub = profile_.hub;
        request.url = fmt::format("https://{}{}", authority(hub), request.url);
        request.headers.set("Authorization", crypto::sign_sas_token(hub.host, hub.key.bytes(), hub.policy,
                                                                    system_clock().now() + kTokenLifetime));
    }
    TRY(auto response, http_.send(request));
    if (response.status < 300) return response;
    return fail(error_of(response.status, response.body));
}

Result<HubClient::Response> HubClient::send_again(Request const& request) {
    auto wait = kFirstPause;
    for (int attempt = 1;; ++attempt, wait *= 2) {
        auto response = send(request);
        if (response || !may_work_later(response.error()) || attempt == kAttempts) return response;
        if (!pause(wait, stop_)) return fail(Code::Cancelled, "stopped while waiting for the hub");
    }
}

Result<Json> HubClient::get(std::string const& path) {
    Request request;
    request.url = path;
    TRY(auto const response, send_again(request));
    return json_of(response);
}

Result<Json> HubClient::ask(std::string const& method, std::string const& path, Json const& body,
                            std::string const& if_match, std::chrono::seconds patience) {
    Request request;
    request.method = method;
    request.patience = patience;
    request.url = path;
    if (!body.is_null()) {
        request.body = dump_json(body);
        request.headers.set("Content-Type", "application/json; charset=utf-8");
    }
    if (!if_match.empty())
        request.headers.set("If-Match", if_match == "*" ? if_match : fmt::format("\"{}\"", if_match));
    TRY(auto const response, send(std::move(request)));
    return json_of(response);
}

}  // namespace ounce::cli
