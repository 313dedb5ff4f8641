#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <string>
#include <vector>

#include "api/iot_route_parts.hpp"
#include "base/nearest.hpp"
#include "base/utf8.hpp"
#include "crypto/base64.hpp"

namespace ounce::api {
namespace {

constexpr std::size_t kLimitDefault = 100;
constexpr int kWaitSecondsMax = 60;

struct SystemName {
    char const* name;
    std::optional<std::string> wire::SystemProperties::* member;
};
/// As readers of the vendor's hub know them.
constexpr std::array kSystemNames = {
    SystemName{"messageId", &wire::SystemProperties::message_id},
    SystemName{"correlationId", &wire::SystemProperties::correlation_id},
    SystemName{"userId", &wire::SystemProperties::user_id},
    SystemName{"to", &wire::SystemProperties::to},
    SystemName{"contentType", &wire::SystemProperties::content_type},
    SystemName{"contentEncoding", &wire::SystemProperties::content_encoding},
    SystemName{"expiryTimeUtc", &wire::SystemProperties::expiry_time},
    SystemName{"outputName", &wire::SystemProperties::output_name},
    SystemName{"interfaceId", &wire::SystemProperties::interface_id},
    SystemName{"subject", &wire::SystemProperties::subject},
    SystemName{"creationTimeUtc", &wire::SystemProperties::creation_time},
    SystemName{"dataSchema", &wire::SystemProperties::schema},
    SystemName{"connectionDeviceId", &wire::SystemProperties::connection_device_id},
    SystemName{"connectionModuleId", &wire::SystemProperties::connection_module_id},
};

Json message_to_json(iot::StoredMessage const& message) {
    Json json{{"partition", message.place.partition},
              {"sequence", message.place.sequence},
              {"enqueuedTime", to_iso8601(message.place.enqueued, 6)},
              {"deviceId", message.from.device}};
    if (!message.from.module.empty()) json["moduleId"] = message.from.module;
    auto& system = json["systemProperties"] = Json::object();
    for (auto const& [name, member] : kSystemNames)
        if (auto const& value = message.properties.system.*member) system[name] = *value;
    auto& properties = json["properties"] = Json::object();
    for (auto const& [key, value] : message.properties.application)
        properties[key] = value ? Json(*value) : Json();
    auto const text = as_text(message.body);
    if (is_utf8(text))
        json["body"] = text;
    else
        json["bodyBase64"] = crypto::to_base64(message.body);
    return json;
}

Response page_response(iot::TelemetryPage const& page) {
    auto messages = Json::array();
    for (auto const& message : page.messages) messages.push_back(message_to_json(message));
    Json const answer{{"messages", std::move(messages)}, {"cursor", page.next.to_text()}};
    return json_response(answer);
}

/// A misspelt filter must not give everything, nor a misspelt start the wrong messages.
Status check_names(Call const& call) {
    static std::vector<std::string> const known = {"from",  "after", "device",     "module",
                                                   "limit", "wait",  "api-version"};
    constexpr std::size_t kShownBytesMax = 60;
    for (auto const& [key, value] : call.query) {
        auto const same = [&](std::string const& name) { return net::same_name(name, key); };
        if (std::ranges::any_of(known, same)) continue;
        auto const shown = key.substr(0, kShownBytesMax);
        return fail(Code::InvalidArgument, "there is no '{}' in this query; did you mean '{}'?", shown,
                    nearest(shown, known));
    }
    return {};
}

Result<int> parse_number(Call const& call, std::string_view key, int least, int most, int otherwise) {
    auto const text = call.find_query(key);
    if (!text || text->empty()) return otherwise;
    int number = 0;
    auto const [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
    if (error != std::errc() || end != text->data() + text->size() || number < least || number > most)
        return fail(Code::InvalidArgument, "'{}' must be a whole number from {} to {}", key, least, most);
    return number;
}

Result<iot::TelemetryCursor> parse_start(IotServices const& services, Call const& call) {
    if (auto const after = call.find_query("after"); after && !after->empty())
        return iot::TelemetryCursor::parse(*after);
    auto const from = call.find_query("from").value_or("latest");
    if (from.empty() || from == "latest") return services.telemetry.latest();
    if (from == "earliest") return services.telemetry.earliest();
    auto const time = parse_iso8601(from);
    if (!time)
        return fail(Code::InvalidArgument,
                    "'from' must be earliest, latest or a time like 2026-11-23T08:30:00Z");
    return services.telemetry.at(*time);
}

struct Wish {
    iot::TelemetryCursor start;
    iot::TelemetryFilter filter;
    std::size_t limit = kLimitDefault;
    std::chrono::seconds patience{0};
};

Result<Wish> parse_wish(IotServices const& services, Call const& call) {
    TRY_STATUS(check_names(call));
    Wish wish;
    TRY(auto const limit,
        parse_number(call, "limit", 1, iot::TelemetryLog::kPageMessagesMax, static_cast<int>(kLimitDefault)));
    wish.limit = static_cast<std::size_t>(limit);
    TRY(auto const wait, parse_number(call, "wait", 0, kWaitSecondsMax, 0));
    wish.patience = std::chrono::seconds(wait);
    if (auto const device = call.find_query("device"); device && !device->empty())
        wish.filter.device = *device;
    if (auto const module = call.find_query("module")) wish.filter.module = *module;
    TRY(wish.start, parse_start(services, call));
    return wish;
}

void read_telemetry(IotServices const& services, Call const& call, Later later) {
    auto wish = parse_wish(services, call);
    if (!wish) return later.send(fail(std::move(wish).error()));
    // The page comes on the log's thread, which has better to do than to write megabytes of JSON.
    auto done = [&workers = services.workers,
                 later = std::move(later)](Result<iot::TelemetryPage> page) mutable {
        if (!page) return later.send(fail(std::move(page).error()));
        auto answer = std::make_shared<Later>(std::move(later));
        bool const posted =
            workers.post([answer, page = std::move(*page)] { answer->send(page_response(page)); });
        if (!posted) answer->send(fail(Code::Unavailable, "the hub is busy: try again"));
    };
    services.telemetry.read_or_wait(std::move(wish->start), std::move(wish->filter), wish->limit,
                                    wish->patience, std::move(done));
}

}  // namespace

std::vector<Route> telemetry_routes(IotServices const& services) {
    return {Route{.method = "GET",
                  .pattern = "/ounce/v1/telemetry",
                  .access = Access::Key,
                  .right = crypto::Right::ServiceConnect,
                  .body = {.to = net::BodyPlan::To::Memory, .bytes_max = 0},
                  .answer = DeferredAnswer([services](Call const& call, Later later) {
                      read_telemetry(services, call, std::move(later));
                  })}};
}

}  // namespace ounce::api
