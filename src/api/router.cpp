#include "api/router.hpp"

#include <algorithm>
#include <array>
#include <memory>

#include "api/access.hpp"
#include "api/path_pattern.hpp"
#include "base/log.hpp"
#include "crypto/signed_url.hpp"
#include "wire/url.hpp"

namespace ounce::api {
namespace {

/// A group and what is counted of it.
struct Group {
    RouteGroup routes;
    std::vector<std::string> prefix;    // segments
    std::array<Counter*, 5> by_status;  // 1xx to 5xx
    Histogram* seconds;
};

struct Entry {
    PathPattern pattern;
    Route const* route;
    Group* group;
};

/// What a request asks for, once its path is read.
struct Target {
    std::vector<std::string> segments;
    std::string path;  // the segments joined by '/', none in front
};

Result<Target> read_target(std::string_view path) {
    TRY(auto segments, wire::split_path(path));
    std::erase(segments, "");
    Target target{.segments = std::move(segments), .path = {}};
    for (auto const& segment : target.segments) target.path += (target.path.empty() ? "" : "/") + segment;
    return target;
}

/// The segments of a path that need not be well-formed, to find out in whose dialect to say so.
std::vector<std::string> rough_segments(std::string_view path) {
    std::vector<std::string> segments;
    while (!path.empty() && segments.size() < wire::kPathSegmentsMax) {
        auto const piece = path.substr(0, path.find('/'));
        path.remove_prefix(std::min(path.size(), piece.size() + 1));
        if (!piece.empty()) segments.emplace_back(piece);
    }
    return segments;
}

bool starts_with(std::vector<std::string> const& path, std::vector<std::string> const& prefix) {
    return path.size() >= prefix.size() &&
           std::equal(prefix.begin(), prefix.end(), path.begin(),
                      [](std::string const& a, std::string const& b) { return net::same_name(a, b); });
}

}  // namespace

struct Router::State {
    std::vector<std::unique_ptr<Group>> groups;
    std::vector<Entry> entries;  // in the order they are tried
    crypto::Keyring const& keyring;
    DeviceAuthenticator devices;
    WorkerPool& workers;
    Clock const& clock;

    void add(RouteGroup routes, Metrics& metrics);
    [[nodiscard]] Group const* group_of(std::vector<std::string> const& segments) const;
    Entry const* find(std::string_view method, Target const& target, Parameters& parameters,
                      std::string& allowed) const;
};

namespace {

/// One request from its admission to its answer: words, counts and logs it. Whoever holds it last answers.
class Exchange {
  public:
    Exchange(Clock const& clock, Group const& group, Route const& route, net::RequestHead const& head)
        : clock_(clock),
          group_(group),
          route_(route),
          method_(head.method),
          peer_(head.peer),
          begun_(clock.instant()) {}

    void set_principal(std::string name) { principal_ = std::move(name); }
    [[nodiscard]] Route const& route() const { return route_; }

    /// Errors found before there is a Reply.
    Response refuse(Error const& error) {
        auto response = group_.routes.dialect(error);
        note(response.status, &error);
        return response;
    }
    void answer(net::Reply reply, Result<Response> result) {
        if (!result) return reply.send(refuse(result.error()));
        note(result->status, nullptr);
        reply.send(std::move(*result));
    }

  private:
    void note(int status, Error const* error) {
        auto const seconds = std::chrono::duration<double>(clock_.instant() - begun_).count();
        group_.by_status[static_cast<std::size_t>(std::clamp(status / 100, 1, 5) - 1)]->add();
        group_.seconds->observe(seconds);
        auto const level = status == 500  ? LogLevel::Error
                           : status > 500 ? LogLevel::Warning
                                          : LogLevel::Debug;
        log(level, status >= 500 ? "request failed" : "request",
            {{"wire", group_.routes.name},
             {"method", method_},
             {"route", route_.pattern},
             {"status", status},
             {"seconds", fmt::format("{:.3f}", seconds)},
             {"principal", principal_},
             {"peer", peer_},
             {"reason", error != nullptr ? error->message : std::string()}});
    }

    Clock const& clock_;
    Group const& group_;
    Route const& route_;
    std::string method_;
    std::string peer_;
    std::string principal_;
    Instant begun_;
};

/// Everything an answer needs, on its way to a worker.
struct Job {
    std::shared_ptr<void const> alive;  // the router's state
    Exchange exchange;
    Call call;
    net::Reply reply;
    std::string device_token;  // not yet believed; empty: the principal is known
};

void run(Job job, DeviceAuthenticator const& devices) {
    if (!job.device_token.empty()) {
        auto const named = [&job](std::string_view name) {
            auto const found = std::ranges::find(job.call.parameters, name, &Parameters::value_type::first);
            return found == job.call.parameters.end() ? std::string() : found->second;
        };
        auto principal = devices(job.device_token, named("device"), named("module"));
        if (!principal) return job.exchange.answer(std::move(job.reply), fail(std::move(principal).error()));
        job.exchange.set_principal(principal->name);
        job.call.principal = std::move(*principal);
    }
    if (auto const* const answer = std::get_if<Answer>(&job.exchange.route().answer))
        return job.exchange.answer(std::move(job.reply), (*answer)(job.call));
    auto const& deferred = std::get<DeferredAnswer>(job.exchange.route().answer);
    auto call = std::move(job.call);
    auto send = [alive = std::move(job.alive), exchange = std::move(job.exchange),
                 reply = std::move(job.reply)](Result<Response> result) mutable {
        exchange.answer(std::move(reply), std::move(result));
    };
    deferred(std::move(call), Later(std::move(send)));
}

}  // namespace

void Router::State::add(RouteGroup routes, Metrics& metrics) {
    auto group = std::make_unique<Group>();
    group->routes = std::move(routes);
    group->prefix = rough_segments(group->routes.prefix);
    for (std::size_t i = 0; i < group->by_status.size(); ++i) {
        auto const labels = fmt::format("wire=\"{}\",status=\"{}xx\"", group->routes.name, i + 1);
        group->by_status[i] = &metrics.counter("http_requests", "Requests answered", labels);
    }
    group->seconds = &metrics.histogram("http_request_seconds", "From a request's head to its answer",
                                        fmt::format("wire=\"{}\"", group->routes.name));
    for (auto const& route : group->routes.routes) {
        PathPattern pattern(route.pattern);
        OUNCE_CHECK(starts_with(rough_segments(route.pattern), group->prefix));
        bool const for_devices = route.access == Access::Device || route.access == Access::DeviceOrKey;
        OUNCE_CHECK(!for_devices || pattern.names("device"));
        OUNCE_CHECK(std::ranges::none_of(entries, [&](Entry const& entry) {
            return entry.route->method == route.method && entry.pattern.same_as(pattern);
        }));
        entries.push_back({std::move(pattern), &route, group.get()});
    }
    groups.push_back(std::move(group));
}

Group const* Router::State::group_of(std::vector<std::string> const& segments) const {
    Group const* best = nullptr;
    for (auto const& group : groups) {
        if (starts_with(segments, group->prefix) &&
            (best == nullptr || group->prefix.size() > best->prefix.size()))
            best = group.get();
    }
    return best;
}

/// The first entry that matches, or null and the methods that the path has.
Entry const* Router::State::find(std::string_view method, Target const& target, Parameters& parameters,
                                 std::string& allowed) const {
    Entry const* get = nullptr;
    for (auto const& entry : entries) {
        Parameters found;
        if (!entry.pattern.match(target.segments, found)) continue;
        bool const exactly = entry.route->method == method;
        bool const for_head = method == "HEAD" && entry.route->method == "GET" && get == nullptr;
        if (exactly || for_head) parameters = std::move(found);
        if (exactly) return &entry;
        if (for_head) get = &entry;
        if (allowed.find(entry.route->method) == std::string::npos)
            allowed += (allowed.empty() ? "" : ", ") + std::string(entry.route->method);
    }
    return get;
}

Router::Router(std::vector<RouteGroup> groups, crypto::Keyring const& keyring, DeviceAuthenticator devices,
               WorkerPool& workers, Clock const& clock, Metrics& metrics)
    : state_(new State{.groups = {},
                       .entries = {},
                       .keyring = keyring,
                       .devices = std::move(devices),
                       .workers = workers,
                       .clock = clock}) {
    for (auto& group : groups) state_->add(std::move(group), metrics);
    std::ranges::sort(state_->entries,
                      [](Entry const& a, Entry const& b) { return a.pattern.before(b.pattern); });
}

Router::~Router() = default;

net::HttpResponse Router::refuse(int status, Error const& error, net::RequestHead const* head) {
    auto const* const group = head != nullptr ? state_->group_of(rough_segments(head->path)) : nullptr;
    auto response = group != nullptr ? group->routes.dialect(error) : plain_error(error);
    response.status = status;
    if (group != nullptr)
        group->by_status[static_cast<std::size_t>(std::clamp(status / 100, 1, 5) - 1)]->add();
    return response;
}

std::variant<net::Admission, net::HttpResponse> Router::admit(net::RequestHead const& head) {
    auto& state = *state_;
    auto const target = read_target(head.path);
    if (!target) return refuse(status_of(target.error().code), target.error(), &head);
    auto const query = wire::Query::parse(head.query, wire::Plus::IsSpace);
    if (!query) return refuse(status_of(query.error().code), query.error(), &head);

    Parameters parameters;
    std::string allowed;
    auto const* const entry = state.find(head.method, *target, parameters, allowed);
    if (entry == nullptr && allowed.empty()) {
        Error const error{Code::NotFound, "there is nothing at this path", "RouteNotFound"};
        return refuse(404, error, &head);
    }
    if (entry == nullptr) {
        Error const error{Code::InvalidArgument, "this path takes " + allowed, "MethodNotAllowed"};
        auto response = refuse(405, error, &head);
        response.headers.set("Allow", allowed);
        return response;
    }

    auto const& route = *entry->route;
    Exchange exchange(state.clock, *entry->group, route, head);
    Principal principal;
    std::string device_token;
    switch (route.access) {
        case Access::Anyone:
            break;
        case Access::SignedUrl: {
            bool const reads = head.method == "GET" || head.method == "HEAD";
            auto const access = reads ? crypto::UrlAccess::Read : crypto::UrlAccess::Write;
            auto const verified = crypto::verify_signed_url(
                state.keyring.signing_key(), access, "/" + target->path, head.query, state.clock.now());
            if (!verified) return exchange.refuse(verified.error());
            principal.name = "signed-url";
            break;
        }
        case Access::Device:
        case Access::DeviceOrKey:
            if (has_device_token(head)) {
                device_token = *head.headers.find("Authorization");
                break;
            }
            [[fallthrough]];
        case Access::Key:
        case Access::AnyKey:
        case Access::Bearer: {
            auto authenticated = authenticate(head, target->path, state.keyring, state.clock.now());
            if (!authenticated) return exchange.refuse(authenticated.error());
            auto const right = route.access == Access::Device ? crypto::Right::DeviceConnect : route.right;
            auto const may = route.access == Access::AnyKey ? Status() : require(*authenticated, right);
            if (!may) return exchange.refuse(may.error());
            principal = std::move(*authenticated);
            break;
        }
    }
    exchange.set_principal(principal.name);

    Call call;
    call.principal = std::move(principal);
    call.parameters = std::move(parameters);
    for (auto const& pair : query->pairs()) call.query.emplace_back(pair.key, pair.value.value_or(""));
    auto handle = [state = state_, exchange = std::move(exchange), call = std::move(call),
                   device_token = std::move(device_token)](net::HttpRequest request,
                                                           net::Reply reply) mutable {
        call.request = std::move(request);
        auto const job = std::make_shared<Job>(
            Job{state, std::move(exchange), std::move(call), std::move(reply), std::move(device_token)});
        auto work = [job, state] { run(std::move(*job), state->devices); };
        if (state->workers.post(std::move(work))) return;
        job->exchange.answer(std::move(job->reply),
                             fail(Code::Unavailable, "the hub is busy: try again in a moment"));
    };
    return net::Admission{.body = route.body, .handle = std::move(handle)};
}

}  // namespace ounce::api
