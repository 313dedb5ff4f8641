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

/// Looks up a device's or module's token; provided by the iot domain. Called on a worker thread.
using DeviceAuthenticator = std::function<Result<Principal>(
    std::string_view authorization, std::string_view device, std::string_view module)>;

/// All routes of the hub: finds the route of a request, checks who asks, runs the answer on a worker,
/// words errors, counts and logs. One way to add a route: a line in a RouteGroup.
///
/// Keys, bearer tokens and signed URLs are checked before the body is read (they need no disk); devices'
/// tokens after it, on a worker (their bodies are small).
class Router final : public net::HttpHandler {
  public:
    Router(std::vector<RouteGroup> groups, crypto::Keyring const& keyring, DeviceAuthenticator devices,
           WorkerPool& workers, Clock const& clock, Metrics& metrics);
    ~Router() override;

    std::variant<net::Admission, net::HttpResponse> admit(net::RequestHead const& head) override;
    net::HttpResponse refuse(int status, Error const& error, net::RequestHead const* head) override;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace ounce::api
