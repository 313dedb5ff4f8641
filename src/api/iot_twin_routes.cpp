#include "api/iot_route_parts.hpp"
#include "iot/identities.hpp"
#include "iot/twins.hpp"

namespace ounce::api {
namespace {

using crypto::Right;
constexpr net::BodyPlan kBody{.to = net::BodyPlan::To::Memory, .bytes_max = 256 * 1024};

Response twin_response(IotServices const& services, iot::Twin const& twin) {
    return tagged_response(iot::twin_to_json(twin, services.presence.of(twin.identity.name)));
}

Result<Response> get_twin(IotServices const& services, Call const& call) {
    TRY(auto const twin, services.devices.run([name = target_of(call)](iot::Work& work) {
        return iot::get_twin(work, name);
    }));
    return twin_response(services, twin);
}

using Change = Result<iot::Twin> (*)(iot::Work&, iot::Name const&, iot::TwinUpdate const&,
                                     iot::Precondition const&);

Result<Response> change_twin(IotServices const& services, Call const& call, Change change) {
    TRY(auto const body, call.json());
    TRY(auto const update, iot::parse_twin_update(body));
    TRY(auto const twin, services.devices.run([&](iot::Work& work) {
        return change(work, target_of(call), update, precondition_of(call));
    }));
    return twin_response(services, twin);
}

Result<Response> patch_twin(IotServices const& services, Call const& call) {
    return change_twin(services, call, iot::patch_twin);
}

Result<Response> replace_twin(IotServices const& services, Call const& call) {
    return change_twin(services, call, iot::replace_twin);
}

/// Answers when the device does, or when it is too late.
void call_method(IotServices const& services, Call const& call, Later later) {
    auto const name = target_of(call);
    auto request = [&]() -> Result<iot::MethodRequest> {
        TRY(auto const body, call.json());
        TRY(auto parsed, iot::parse_method_request(body));
        // "No such device" is another error than "not connected".
        TRY_STATUS(services.devices.run([&](iot::Work& work) { return iot::get_identity(work, name); }));
        return parsed;
    }();
    if (!request) return later.send(fail(std::move(request).error()));
    services.call_method(name, std::move(*request),
                         [later = std::move(later)](Result<iot::MethodAnswer> answer) mutable {
                             if (!answer) return later.send(fail(std::move(answer).error()));
                             later.send(json_response(iot::method_answer_to_json(*answer)));
                         });
}

using Verb = Result<Response> (*)(IotServices const&, Call const&);

}  // namespace

std::vector<Route> twin_routes(IotServices const& services) {
    auto const line = [&](std::string_view method, std::string_view pattern, Verb verb) {
        return Route{
            .method = method,
            .pattern = pattern,
            .access = Access::Key,
            .right = Right::ServiceConnect,
            .body = kBody,
            .answer = versioned(Answer([services, verb](Call& call) { return verb(services, call); }))};
    };
    auto const methods = [&](std::string_view pattern) {
        return Route{.method = "POST",
                     .pattern = pattern,
                     .access = Access::Key,
                     .right = Right::ServiceConnect,
                     .body = kBody,
                     .answer = versioned(DeferredAnswer([services](Call const& call, Later later) {
                         call_method(services, call, std::move(later));
                     }))};
    };
    return {
        line("GET", "/twins/{device}", get_twin),
        line("PATCH", "/twins/{device}", patch_twin),
        line("PUT", "/twins/{device}", replace_twin),
        methods("/twins/{device}/methods"),
        line("GET", "/twins/{device}/modules/{module}", get_twin),
        line("PATCH", "/twins/{device}/modules/{module}", patch_twin),
        line("PUT", "/twins/{device}/modules/{module}", replace_twin),
        methods("/twins/{device}/modules/{module}/methods"),
    };
}

}  // namespace ounce::api
