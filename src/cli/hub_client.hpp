#pragma once

#include <chrono>
#include <initializer_list>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include "base/json.hpp"
#include "base/result.hpp"
#include "cli/profile.hpp"
#include "net/http_client.hpp"

namespace ounce::cli {

/// "/twins/cam%201/methods": the segments percent-coded and joined.
std::string path_of(std::initializer_list<std::string_view> segments);

/// "?a=1&b=x%20y"; pairs with an empty value are left out.
std::string query_of(std::initializer_list<std::pair<std::string_view, std::string_view>> pairs);

/// Adds one more "a=1" to a path with or without a query.
void add_query(std::string& path, std::string_view key, std::string_view value);

/// Waits, or less if someone wants to stop. True if the time went by.
bool pause(std::chrono::milliseconds time, std::stop_token const& stop);

/// Talks to the hub of one profile: signs each request (a shared access signature that is good for an hour),
/// and makes its refusals errors of ours. One thread at a time; `another()` for a second thread.
class HubClient {
  public:
    /// How often a request may be sent when there is no connection, or the hub says that it is overloaded.
    /// The waits between are 0.5, 1 and 2 seconds.
    static constexpr int kAttempts = 4;

    using Request = net::HttpClient::Request;
    using Response = net::HttpClient::Response;

    HubClient(Profile profile, std::stop_token stop);

    /// A client of the same hub with connections of its own.
    [[nodiscard]] HubClient another() const { return {profile_, stop_}; }

    [[nodiscard]] Profile const& profile() const { return profile_; }

    /// Sends once. `request.url` is a path of the hub ("/devices/cam-1?..."), or the URL of another server,
    /// which gets no signature. Answers below 300 are a Response.
    /// Errors: as HttpClient::send, and as error_of for what the hub refuses; InvalidArgument for a path with
    /// a name that is empty, "." or "..".
    Result<Response> send(Request request);

    /// As send, for requests that may arrive twice: goes on where there was no connection.
    Result<Response> send_again(Request const& request);

    /// The JSON that a GET answers. Errors: DataLoss if it is none.
    Result<Json> get(std::string const& path);

    /// The JSON that the answer holds, null if it has no body. `if_match` ("*" or an ETag) is sent as header.
    /// `patience`: how long the hub may take if it waits for somebody else.
    Result<Json> ask(std::string const& method, std::string const& path, Json const& body = {},
                     std::string const& if_match = {}, std::chrono::seconds patience = {});

  private:
    Profile profile_;
    std::stop_token stop_;
    net::HttpClient http_;
};

}  // namespace ounce::cli
