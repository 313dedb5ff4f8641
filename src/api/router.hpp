#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "api/route.hpp"
#include "base/clock.hpp"
#include "base/metrics.hpp"
#include "base/worker_pool.hpp"
#include "net/http.hpp"

namespace ounce::api {

/// Looks up a device's or module's token; provided by the iot domain. Called on a worker thread. `module` is
/// empty for a device. Errors: Unauthenticated.
using DeviceAuthenticator = std::function<Result<Principal>(
    std::string_view authorization, std::string_view device, std::string_view module)>;

/// All routes of the hub: finds the route of a request, checks who asks, runs the answer on a worker,
/// words errors, counts and logs. One way to add a route: a line in a RouteGroup.
///
/// An unknown path is 404 in the dialect of the group with the longest prefix of it, a known path with
/// another method 405, a full queue of workers 503. Every answer with 5xx is logged once, others only at
/// debug level; paths are logged, queries and headers never.
class Router final : public net::HttpHandler {
  public:
    /// Patterns that are wrong or said twice are a broken program. `keyring`, `workers`, `clock` and
    /// `metrics` must outlive the router and every answer still out.
    Router(std::vector<RouteGroup> groups, crypto::Keyring const& keyring, DeviceAuthenticator devices,
           WorkerPool& workers, Clock const& clock, Metrics& metrics);
    ~Router() override;

    std::variant<net::Admission, net::HttpResponse> admit(net::RequestHead const& head) override;
    net::HttpResponse refuse(int status, Error const& error, net::RequestHead const* head) override;

  private:
    struct State;
    std::shared_ptr<State> state_;  // shared with the answers that are still out
};

}  // namespace ounce::api
