#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/json.hpp"
#include "crypto/keyring.hpp"
#include "net/http.hpp"

namespace ounce::api {

/// Who asks: decided before a handler runs.
struct Principal {
    std::string name;       // the policy, or the device's "device" or "device/module"; for logs
    crypto::Rights rights;  // see crypto/keyring.hpp
    std::string device;     // if a device's (or module's) own key signed: only it
    std::string module;
};

/// One request on its way through a route.
struct Call {
    net::HttpRequest request;
    Principal principal;
    /// Values of the pattern's {names}, percent-decoded.
    std::vector<std::pair<std::string_view, std::string>> parameters;
    /// The query, decoded ('+' is a space), in order; keys keep their case.
    std::vector<std::pair<std::string, std::string>> query;

    /// The value of a {name} of the pattern; a name it does not have is a broken program.
    [[nodiscard]] std::string const& parameter(std::string_view name) const;
    /// The first value of a query key (compared without case); none if absent.
    [[nodiscard]] std::optional<std::string_view> find_query(std::string_view key) const;
    /// The body as JSON. Errors: InvalidArgument.
    [[nodiscard]] Result<Json> json() const;
};

using Response = net::HttpResponse;

/// Answers on a worker thread; may wait for disks, not for people or devices.
using Answer = std::function<Result<Response>(Call&)>;
/// Begins on a worker thread; answers when it can, from any (a method waits for its device).
class Later;
using DeferredAnswer = std::function<void(Call, Later)>;

/// What a caller must show. All but devices' tokens is checked before the body is read.
enum class Access {
    Anyone,       // no credential (health, metadata documents)
    Key,          // any credential of access.hpp that has `right`
    AnyKey,       // any credential, whatever its rights
    Bearer,       // as Key; says in the table that this wire logs in for tokens first
    SignedUrl,    // the signature in the query (crypto/signed_url.hpp), for "/" + the decoded segments
    Device,       // the token of the device (or module) that the pattern names; or any with DeviceConnect
    DeviceOrKey,  // the token of that device; or any credential with `right`
};

/// One line of a table of routes.
///
/// `pattern`: segments separated by '/'; literals match without regard to case, "{name}" one segment,
/// "{name...}" one or more (repository names hold '/'; the value has its segments joined by '/'). Repeated
/// '/' in a request count as one, and one at the end as none. Of several patterns that match, the one with
/// the earlier literal is taken, in whatever order they are written. Routes for devices name their values
/// {device} and, if there is one, {module}. HEAD is answered by the route of GET, without its body.
struct Route {
    std::string_view method;
    std::string_view pattern;
    Access access;
    crypto::Right right;  // for Key, Bearer and DeviceOrKey
    net::BodyPlan body;
    std::variant<Answer, DeferredAnswer> answer;
};

/// How one wire says an error: status (status_of() unless the wire has its own mind), headers, body. Two that
/// the router makes have a `reason`: "MethodNotAllowed" for a known path, whose status becomes 405, and
/// "RouteNotFound" for an unknown one.
using Dialect = std::function<Response(Error const&)>;

/// The routes of one wire, and its way to say an error.
struct RouteGroup {
    std::string_view name;    // in logs and metrics: "iot", "vision", "oci", ...
    std::string_view prefix;  // every pattern starts with it; the longest prefix words unknown routes
    Dialect dialect;
    std::vector<Route> routes;
};

/// A deferred answer's way home: for one answer, from any thread. If it dies unused the caller gets 500.
class Later {
  public:
    explicit Later(UniqueFunction<void(Result<Response>)> send) : send_(std::move(send)) {}
    Later(Later&&) noexcept = default;
    Later& operator=(Later&&) = delete;
    ~Later();
    /// Words an error in the dialect of the route. Call once; a second call is a broken program.
    void send(Result<Response> result);

  private:
    UniqueFunction<void(Result<Response>)> send_;
};

/// JSON as "application/json; charset=utf-8", which the vendors' clients insist on.
Response json_response(Json const& value, int status = 200);
Response json_response(OrderedJson const& value, int status = 200);
Response text_response(std::string text, int status = 200);
Response empty_response(int status);

/// The usual status of each code: 400 InvalidArgument, 401 Unauthenticated, 403 PermissionDenied, 404
/// NotFound, 409 AlreadyExists and FailedPrecondition, 412 Aborted, 413 ResourceExhausted, 501 Unimplemented,
/// 503 Unavailable and Cancelled, 504 DeadlineExceeded, 500 Internal and DataLoss (of ours: damage in what a
/// caller sent is InvalidArgument).
int status_of(Code code);

/// The dialect of those who have none: {"error":{"code":"not-found","message":"…"}}.
Response plain_error(Error const& error);

}  // namespace ounce::api
