#include "api/iot_event.hpp"
#include "api/iot_route_parts.hpp"
#include "iot/authenticate.hpp"

namespace ounce::api {
namespace {

/// Base64 in JSON takes a third more than what it says.
constexpr net::BodyPlan kBody{.to = net::BodyPlan::To::Memory, .bytes_max = 1 << 20};

bool is_batch(Call const& call) {
    auto const type = call.request.headers.find("Content-Type").value_or("");
    return net::same_name(type.substr(0, kEventBatchType.size()), kEventBatchType);
}

Result<std::vector<iot::Message>> parse_messages(Call& call, iot::Identity const& identity) {
    if (is_batch(call)) {
        TRY(auto const body, call.json());
        return parse_event_batch(body, identity.name, identity.generation);
    }
    iot::Message message;
    message.from = identity.name;
    message.generation = identity.generation;
    TRY(message.properties,
        parse_event_properties({call.request.headers.begin(), call.request.headers.end()}));
    message.body = std::move(call.request.body);
    std::vector<iot::Message> messages;
    messages.push_back(std::move(message));
    return messages;
}

/// 204 once it is on disk.
Result<Response> send_event(IotServices const& services, Call& call) {
    auto const name = target_of(call);
    TRY(auto const identity,
        services.devices.run([&](iot::Work& work) { return iot::need_enabled(work, name); }));
    TRY(auto messages, parse_messages(call, identity));
    TRY_STATUS(services.telemetry.append_all(std::move(messages)));
    services.presence.active(name, services.clock.now());
    return empty_response(204);
}

}  // namespace

std::vector<Route> event_routes(IotServices const& services) {
    auto const line = [&](std::string_view pattern) {
        return Route{
            .method = "POST",
            .pattern = pattern,
            .access = Access::Device,
            .right = crypto::Right::DeviceConnect,
            .body = kBody,
            .answer = versioned(Answer([services](Call& call) { return send_event(services, call); }))};
    };
    return {
        line("/devices/{device}/messages/events"),
        line("/devices/{device}/modules/{module}/messages/events"),
    };
}

}  // namespace ounce::api
