#include "hub/server.hpp"

#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "api/azureml_routes.hpp"
#include "api/hub_routes.hpp"
#include "api/iot_routes.hpp"
#include "api/models_routes.hpp"
#include "api/mqtt_plane.hpp"
#include "api/oci_routes.hpp"
#include "api/router.hpp"
#include "api/vision_routes.hpp"
#include "base/file.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "base/worker_pool.hpp"
#include "hub/domains.hpp"
#include "hub/housekeeper.hpp"
#include "hub/process_metrics.hpp"
#include "iot/authenticate.hpp"
#include "iot/methods.hpp"
#include "iot/presence.hpp"
#include "net/http_server.hpp"
#include "net/mqtt_server.hpp"
#include "registry/sweep.hpp"

namespace ounce::hub {

/// In the order in which they are made; each uses only those above it, and the last made is the first to go.
struct Server::Parts {
    crypto::Keyring keyring;
    Clock const& clock;
    Metrics metrics;
    std::optional<ProcessMetrics> process;
    api::HubPorts ports;
    iot::PresenceBoard presence;
    // Above the domains, which tell them of changes and answers until they are closed.
    std::optional<WorkerPool> workers;
    std::optional<api::MqttPlane> plane;
    iot::MethodCaller call_method = [this](iot::Name target, iot::MethodRequest request,
                                           iot::MethodDone done) {
        plane->call_method(std::move(target), std::move(request), std::move(done));
    };
    std::optional<Domains> domains;
    std::optional<api::Router> router;
    std::optional<net::TlsIdentity> identity;
    std::unique_ptr<net::HttpServer> https;
    std::unique_ptr<net::MqttServer> mqtt;
    std::optional<Housekeeper> housekeeper;

    Parts(crypto::Keyring keys, Clock const& time) : keyring(std::move(keys)), clock(time) {}
    Parts(Parts const&) = delete;
    Parts& operator=(Parts const&) = delete;
    /// Work that is under way uses the domains, so it ends while they are there, also where a start fails
    /// after the first server; answers that they give later find a pool that takes nothing.
    ~Parts() {
        if (workers) workers->drain();
    }
};

namespace {

/// The routes of every wire: a domain's routes are a line here.
std::vector<api::RouteGroup> all_routes(Server::Parts& parts, Config const& config) {
    auto groups = api::iot_groups({.devices = *parts.domains->devices,
                                   .presence = parts.presence,
                                   .telemetry = *parts.domains->telemetry,
                                   .call_method = parts.call_method,
                                   .workers = *parts.workers,
                                   .clock = parts.clock});
    auto const& registry = parts.domains->registry;
    groups.push_back(api::models_routes(registry));
    groups.push_back(api::oci_routes(registry));
    for (auto& group : api::azureml_routes(registry, parts.keyring, parts.clock))
        groups.push_back(std::move(group));
    groups.push_back(api::vision_routes(*parts.domains->vision, parts.keyring));
    groups.push_back(api::hub_routes({.metrics = parts.metrics,
                                      .clock = parts.clock,
                                      .ports = parts.ports,
                                      .hosts = parts.keyring.hosts(),
                                      .refresh = [&parts] { parts.process->refresh(); },
                                      .metrics_public = config.metrics.open}));
    return groups;
}

/// What the domains need done now and then.
std::vector<Housekeeper::Job> all_jobs(Server::Parts& parts) {
    auto const sweep_registry = [&parts](std::stop_token const& stop) -> Status {
        TRY(auto const swept,
            registry::sweep(parts.domains->registry, parts.clock.now() - registry::kUnusedFor, stop));
        if (swept.artifacts + swept.uploads + swept.layers + swept.strays > 0)
            log_info("registry swept", {{"files", swept.artifacts},
                                        {"uploads", swept.uploads},
                                        {"layers", swept.layers},
                                        {"strays", swept.strays}});
        return {};
    };
    auto const sweep_vision = [&parts](std::stop_token const& stop) -> Status {
        TRY(auto const removed, parts.domains->vision->sweep(stop));
        if (removed > 0) log_info("vision swept", {{"files", removed}});
        return {};
    };
    return {{"registry sweep", std::chrono::hours(1), sweep_registry},
            {"vision sweep", std::chrono::hours(24), sweep_vision}};
}

/// How a device or module shows over HTTPS that it is the one of that name.
api::DeviceAuthenticator device_authenticator(iot::DeviceHub& devices, crypto::Keyring const& keyring) {
    return [&](std::string_view authorization, std::string_view device,
               std::string_view module) -> Result<api::Principal> {
        iot::Name const name{std::string(device), std::string(module)};
        TRY(auto const caller, devices.run([&](iot::Work& work) {
            return iot::authenticate_device(work, keyring, authorization, name);
        }));
        if (!caller.policy.empty())
            return api::Principal{caller.policy, crypto::Right::DeviceConnect, {}, {}};
        auto const label = module.empty() ? name.device : fmt::format("{}/{}", device, module);
        return api::Principal{label, {}, name.device, name.module};
    };
}

net::HttpServer::Options https_options(Config const& config, DataFolder const& data) {
    net::HttpServer::Options options;
    options.address = config.listen.address;
    options.port = static_cast<std::uint16_t>(config.listen.https_port);
    options.spool_folder = data.tmp();
    options.connections_max = static_cast<std::size_t>(config.limits.connections);
    options.connections_per_address_max = static_cast<std::size_t>(config.limits.connections_per_address);
    options.accepts_per_second_per_address =
        static_cast<double>(config.limits.connects_per_second_per_address);
    return options;
}

net::MqttServer::Options mqtt_options(Config const& config) {
    net::MqttServer::Options options;
    options.address = config.listen.address;
    options.port = static_cast<std::uint16_t>(config.listen.mqtt_port);
    options.connections_max = static_cast<std::size_t>(config.limits.connections);
    options.connections_per_address_max = static_cast<std::size_t>(config.limits.connections_per_address);
    options.accepts_per_second_per_address =
        static_cast<double>(config.limits.connects_per_second_per_address);
    return options;
}

}  // namespace

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::start(DataFolder const& data, Config const& config,
                                              crypto::Keyring keyring, Clock const& clock) {
    auto parts = std::make_unique<Parts>(std::move(keyring), clock);
    auto& p = *parts;

    p.process.emplace(p.metrics, data.root(), clock.now());
    TRY(p.domains, Domains::open(data, config, clock, p.metrics,
                                 [&p](iot::Change const& change) { p.plane->changed(change); }));
    p.plane.emplace(api::MqttPlane::Domain{*p.domains->devices, *p.domains->telemetry, p.presence, p.keyring,
                                           clock, p.metrics});
    p.workers.emplace(static_cast<int>(config.workers.threads),
                      static_cast<std::size_t>(config.workers.queue));
    p.router.emplace(all_routes(p, config), p.keyring, device_authenticator(*p.domains->devices, p.keyring),
                     *p.workers, clock, p.metrics);

    TRY_STATUS(make_empty_folder(data.tmp()));  // bodies that were coming when a former process was killed
    TRY(p.identity, net::TlsIdentity::load(data.server_certificate(), data.server_key()));
    TRY(p.https, net::HttpServer::start(https_options(config, data), *p.identity, *p.router, p.metrics));
    TRY(p.mqtt, net::MqttServer::start(mqtt_options(config), *p.identity, *p.plane, p.metrics));
    p.ports.https = p.https->port();
    p.ports.mqtt = p.mqtt->port();
    p.housekeeper.emplace(all_jobs(p));
    return std::unique_ptr<Server>(new Server(std::move(parts)));
}

Server::Ports Server::ports() const {
    return {parts_->https->port(), parts_->mqtt->port()};
}

Status Server::reload_certificate(DataFolder const& data) {
    return parts_->identity->reload(data.server_certificate(), data.server_key());
}

void Server::drain(std::chrono::milliseconds deadline) {
    parts_->domains->telemetry->release_readers();
    // Both at once, so that together they take no longer than one.
    std::jthread const devices([&] { parts_->mqtt->drain(deadline); });
    parts_->https->drain(deadline);
}

}  // namespace ounce::hub
