#include <charconv>

#include "api/iot_route_parts.hpp"
#include "iot/device_content.hpp"
#include "iot/identities.hpp"

namespace ounce::api {
namespace {

using crypto::Right;
constexpr net::BodyPlan kBody{.to = net::BodyPlan::To::Memory, .bytes_max = 1 << 20};

Response identity_response(IotServices const& services, iot::Identity const& identity) {
    return tagged_response(iot::identity_to_json(identity, services.presence.of(identity.name)));
}

Response list_response(IotServices const& services, std::vector<iot::Identity> const& identities) {
    auto list = Json::array();
    for (auto const& identity : identities)
        list.push_back(iot::identity_to_json(identity, services.presence.of(identity.name)));
    return json_response(list);
}

Result<int> parse_top(Call const& call) {
    auto const text = call.find_query("top");
    if (!text) return iot::kListedDevicesMax;
    int top = 0;
    auto const [end, error] = std::from_chars(text->data(), text->data() + text->size(), top);
    if (error != std::errc() || end != text->data() + text->size() || top < 1 || top > iot::kListedDevicesMax)
        return fail(Code::InvalidArgument, "'top' must be a whole number from 1 to {}",
                    iot::kListedDevicesMax);
    return top;
}

Result<Response> get_identity(IotServices const& services, Call const& call) {
    TRY(auto const identity, services.devices.run([name = target_of(call)](iot::Work& work) {
        return iot::get_identity(work, name);
    }));
    return identity_response(services, identity);
}

Result<Response> put_identity(IotServices const& services, Call const& call) {
    TRY(auto const body, call.json());
    TRY(auto const request, iot::parse_identity_request(body, target_of(call)));
    TRY(auto const identity, services.devices.run([&](iot::Work& work) {
        return iot::put_identity(work, request, precondition_of(call));
    }));
    return identity_response(services, identity);
}

Result<Response> delete_identity(IotServices const& services, Call const& call) {
    TRY_STATUS(services.devices.run(
        [&](iot::Work& work) { return iot::delete_identity(work, target_of(call), precondition_of(call)); }));
    return empty_response(204);
}

Result<Response> list_devices(IotServices const& services, Call const& call) {
    TRY(auto const top, parse_top(call));
    TRY(auto const devices,
        services.devices.run([top](iot::Work& work) { return iot::list_devices(work, top); }));
    return list_response(services, devices);
}

Result<Response> list_modules(IotServices const& services, Call const& call) {
    TRY(auto const modules, services.devices.run([&](iot::Work& work) {
        return iot::list_modules(work, call.parameter("device"));
    }));
    return list_response(services, modules);
}

/// Items that failed are told in the body; the answer is good all the same, since the others are done.
Result<Response> change_many(IotServices const& services, Call const& call) {
    TRY(auto const body, call.json());
    TRY(auto const items, iot::parse_bulk(body));
    TRY(auto const failed,
        services.devices.run([&](iot::Work& work) { return iot::change_identities(work, items); }));
    auto errors = Json::array();
    for (auto const& [name, error] : failed)
        errors.push_back({{"deviceId", name.device},
                          {"moduleId", name.module},
                          {"errorCode", error.reason.empty() ? "ServerError" : error.reason},
                          {"errorStatus", error.message}});
    Json const answer{{"isSuccessful", failed.empty()}, {"errors", errors}, {"warnings", Json::array()}};
    return json_response(answer);
}

Result<Response> apply_content(IotServices const& services, Call const& call) {
    TRY(auto const body, call.json());
    TRY(auto const content, iot::parse_device_content(body));
    TRY_STATUS(services.devices.run(
        [&](iot::Work& work) { return iot::apply_device_content(work, call.parameter("device"), content); }));
    return empty_response(204);
}

Result<Response> count_devices(IotServices const& services, Call const&) {
    TRY(auto const counts, services.devices.run([](iot::Work& work) { return iot::count_devices(work); }));
    Json const answer{{"totalDeviceCount", counts.total},
                      {"enabledDeviceCount", counts.enabled},
                      {"disabledDeviceCount", counts.total - counts.enabled}};
    return json_response(answer);
}

Result<Response> count_connected(IotServices const& services, Call const&) {
    Json const answer{{"connectedDeviceCount", services.presence.connected_devices()}};
    return json_response(answer);
}

using Verb = Result<Response> (*)(IotServices const&, Call const&);

Route route(IotServices const& services, std::string_view method, std::string_view pattern, Right right,
            Verb verb) {
    return {.method = method,
            .pattern = pattern,
            .access = Access::Key,
            .right = right,
            .body = kBody,
            .answer = versioned(Answer([services, verb](Call& call) { return verb(services, call); }))};
}

}  // namespace

std::vector<Route> device_routes(IotServices const& services) {
    auto const line = [&](std::string_view method, std::string_view pattern, Right right, Verb verb) {
        return route(services, method, pattern, right, verb);
    };
    return {
        line("GET", "/devices", Right::RegistryRead, list_devices),
        line("POST", "/devices", Right::RegistryWrite, change_many),
        line("GET", "/devices/{device}", Right::RegistryRead, get_identity),
        line("PUT", "/devices/{device}", Right::RegistryWrite, put_identity),
        line("DELETE", "/devices/{device}", Right::RegistryWrite, delete_identity),
        line("POST", "/devices/{device}/applyConfigurationContent", Right::RegistryWrite, apply_content),
        line("GET", "/devices/{device}/modules", Right::RegistryRead, list_modules),
        line("GET", "/devices/{device}/modules/{module}", Right::RegistryRead, get_identity),
        line("PUT", "/devices/{device}/modules/{module}", Right::RegistryWrite, put_identity),
        line("DELETE", "/devices/{device}/modules/{module}", Right::RegistryWrite, delete_identity),
    };
}

std::vector<Route> statistics_routes(IotServices const& services) {
    return {
        route(services, "GET", "/statistics/devices", Right::RegistryRead, count_devices),
        route(services, "GET", "/statistics/service", Right::RegistryRead, count_connected),
    };
}

}  // namespace ounce::api
