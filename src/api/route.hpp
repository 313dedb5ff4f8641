#pragma once

#include <functional>
#include <span>
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
    std::string name;       // the policy, "training", "prediction", or the device's "device/module"; for logs
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
    /// The query, decoded, in order; keys keep their case.
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
/// Answers when it can, from any thread (a method waits for its device). `Later` words errors in the dialect.
class Later;
using DeferredAnswer = std::function<void(Call, Later)>;

/// What a caller must show before the body is read.
enum class Access {
    Anyone,       // no credential (health, metadata documents)
    Key,          // a policy token, Training-Key, Prediction-Key, or Basic, with `right`
    Bearer,       // a token of ours (azureml) with `right`
    SignedUrl,    // the signature in the query (crypto/signed_url.hpp)
    Device,       // a device's or module's own token, for itself; or a policy's with DeviceConnect
    DeviceOrKey,  // either
};

/// One line of a table of routes.
///
/// `pattern`: segments separated by '/'; literals match without regard to case, "{name}" one segment,
/// "{name...}" one or more (repository names hold '/'). Repeated '/' in a request count as one.
struct Route {
    std::string_view method;
    std::string_view pattern;
    Access access;
    crypto::Right right;  // for Key and Bearer
    net::BodyPlan body;
    std::variant<Answer, DeferredAnswer> answer;
};

/// How one wire says an error. `call` is null if the request never became one.
using Dialect = std::function<Response(Error const&)>;

/// The routes of one wire, and its way to say an error.
struct RouteGroup {
    std::string_view name;    // in logs and metrics: "iot", "vision", "oci", ...
    std::string_view prefix;  // every pattern starts with it; the longest prefix words unknown routes
    Dialect dialect;
    std::vector<Route> routes;
};

/// A deferred answer's way home.
class Later {
  public:
    Later(net::Reply reply, Dialect const& dialect) : reply_(std::move(reply)), dialect_(&dialect) {}
    void send(Result<Response> result);

  private:
    net::Reply reply_;
    Dialect const* dialect_;
};

/// 200 with JSON.
Response json_response(Json const& value, int status = 200);
Response empty_response(int status);

/// The usual status of each code: 400, 404, 409, 401, 403, 412, 413, 503, 504, 500, ...
int status_of(Code code);

}  // namespace ounce::api
