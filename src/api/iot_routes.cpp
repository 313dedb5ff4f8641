#include "api/iot_routes.hpp"

#include <algorithm>
#include <utility>

#include "api/iot_error.hpp"
#include "api/iot_route_parts.hpp"

namespace ounce::api {
namespace {

/// "2021-04-12", "2020-06-30-preview".
bool is_api_version(std::string_view text) {
    constexpr std::string_view kDate = "dddd-dd-dd";
    if (text.size() < kDate.size()) return false;
    bool const is_date = std::equal(kDate.begin(), kDate.end(), text.begin(), [](char form, char c) {
        return form == 'd' ? c >= '0' && c <= '9' : c == form;
    });
    auto const rest = text.substr(kDate.size());
    return is_date && (rest.empty() || rest == "-preview");
}

Status check_version(Call const& call) {
    auto const version = call.find_query("api-version");
    if (version && is_api_version(*version)) return {};
    return fail_as(Code::InvalidArgument, "InvalidProtocolVersion",
                   "the query must have an api-version, for example api-version=2021-04-12");
}

}  // namespace

Answer versioned(Answer answer) {
    return [answer = std::move(answer)](Call& call) -> Result<Response> {
        TRY_STATUS(check_version(call));
        return answer(call);
    };
}

DeferredAnswer versioned(DeferredAnswer answer) {
    return [answer = std::move(answer)](Call call, Later later) {
        if (auto const good = check_version(call); !good) return later.send(fail(good.error()));
        answer(std::move(call), std::move(later));
    };
}

iot::Name target_of(Call const& call) {
    auto const module = std::ranges::find(call.parameters, std::string_view("module"),
                                          [](auto const& parameter) { return parameter.first; });
    return {.device = call.parameter("device"),
            .module = module == call.parameters.end() ? "" : module->second};
}

iot::Precondition precondition_of(Call const& call) {
    return iot::Precondition::parse(call.request.headers.find("If-Match"));
}

Response tagged_response(Json const& json) {
    auto response = json_response(json);
    response.headers.add("ETag", fmt::format("\"{}\"", json.at("etag").get<std::string>()));
    return response;
}

std::vector<RouteGroup> iot_groups(IotServices const& services) {
    return {
        {.name = "iot",
         .prefix = "/devices",
         .dialect = iot_error,
         .routes =
             [&] {
                 auto routes = device_routes(services);
                 std::ranges::move(event_routes(services), std::back_inserter(routes));
                 std::ranges::move(query_routes(services), std::back_inserter(routes));
                 return routes;
             }()},
        {.name = "iot", .prefix = "/twins", .dialect = iot_error, .routes = twin_routes(services)},
        {.name = "iot", .prefix = "/statistics", .dialect = iot_error, .routes = statistics_routes(services)},
        {.name = "telemetry",
         .prefix = "/ounce/v1/telemetry",
         .dialect = plain_error,
         .routes = telemetry_routes(services)},
    };
}

}  // namespace ounce::api
