#include "wire/topic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/percent.hpp"

namespace ounce::wire {

namespace {

constexpr std::string_view kTwinGet = "$iothub/twin/GET/";
constexpr std::string_view kTwinPatch = "$iothub/twin/PATCH/properties/reported/";
constexpr std::string_view kMethodResponse = "$iothub/methods/res/";

/// Takes the next segment and its '/' off the front.
std::string_view take_segment(std::string_view& text) {
    auto const end = std::min(text.find('/'), text.size());
    auto const segment = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return segment;
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
    if (!text.starts_with(prefix)) return false;
    text.remove_prefix(prefix.size());
    return true;
}

/// Ids may hold '%' themselves, so the plain spelling is tried first.
bool names(std::string_view segment, std::string_view id) {
    if (segment == id) return true;
    if (segment.find('%') == std::string_view::npos) return false;
    auto const decoded = percent_decode(segment);
    return decoded && *decoded == id;
}

/// Takes "devices/<d>/" or "devices/<d>/modules/<m>/" off the front.
/// Errors: NotFound, PermissionDenied.
Status take_names(std::string_view& topic, ClientName const& self) {
    if (!take_prefix(topic, "devices/")) return fail(Code::NotFound, "no such topic");
    bool own = names(take_segment(topic), self.device);
    if (topic.starts_with("modules/")) {
        topic.remove_prefix(std::string_view("modules/").size());
        own = names(take_segment(topic), self.module) && !self.module.empty() && own;
    } else {
        own = self.module.empty() && own;
    }
    if (!own) return fail(Code::PermissionDenied, "the topic belongs to another device or module");
    return {};
}

/// The value of `key` in "?key=value&...", as it was sent.
std::string_view find_raw(std::string_view query, std::string_view key) {
    if (query.starts_with('?')) query.remove_prefix(1);
    while (!query.empty()) {
        auto const end = std::min(query.find('&'), query.size());
        auto const piece = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        auto const equals = piece.find('=');
        if (equals != std::string_view::npos && names(piece.substr(0, equals), key))
            return piece.substr(equals + 1);
    }
    return {};
}

Result<std::string> take_rid(std::string_view query) {
    auto const rid = find_raw(query, "$rid");
    if (rid.empty()) return fail(Code::InvalidArgument, "the topic has no $rid");
    if (rid.size() > kRidBytesMax)
        return fail(Code::ResourceExhausted, "the $rid has more than {} bytes", kRidBytesMax);
    return std::string(rid);
}

Result<PublishTopic> parse_method_response(std::string_view rest) {
    MethodResponse response;
    auto const status = take_segment(rest);
    auto const [stop, error] = std::from_chars(status.data(), status.data() + status.size(), response.status);
    if (error != std::errc() || stop != status.data() + status.size())
        return fail(Code::InvalidArgument, "the status of a method response is not a number");
    TRY(response.rid, take_rid(rest));
    return response;
}

std::string decoded_or_as_sent(std::string_view text) {
    auto decoded = percent_decode(text);
    return decoded ? std::move(*decoded) : std::string(text);
}

}  // namespace

Result<ClientName> parse_client_id(std::string_view client_id) {
    auto const slash = client_id.find('/');
    ClientName name;
    name.device = client_id.substr(0, slash);
    if (slash != std::string_view::npos) name.module = client_id.substr(slash + 1);
    if (name.device.empty() || (slash != std::string_view::npos && name.module.empty()) ||
        name.module.find('/') != std::string::npos)
        return fail(Code::InvalidArgument, "the client id is not 'device' or 'device/module'");
    return name;
}

std::string format_client_id(ClientName const& name) {
    return name.module.empty() ? name.device : name.device + '/' + name.module;
}

Result<UserName> parse_user_name(std::string_view text) {
    if (text.size() > kUserNameBytesMax)
        return fail(Code::InvalidArgument, "the user name has more than {} bytes", kUserNameBytesMax);
    UserName user;
    user.host = take_segment(text);
    user.client.device = take_segment(text);
    auto const is_query = [](std::string_view rest) {
        return rest.starts_with('?') || rest.starts_with("api-version=");
    };
    if (!is_query(text)) user.client.module = take_segment(text);
    if (user.host.empty() || user.client.device.empty() || (!text.empty() && !is_query(text)))
        return fail(Code::InvalidArgument, "the user name is not 'host/device[/module]/?api-version=...'");
    user.api_version = decoded_or_as_sent(find_raw(text, "api-version"));
    user.model_id = decoded_or_as_sent(find_raw(text, "model-id"));
    user.client_type = decoded_or_as_sent(find_raw(text, "DeviceClientType"));
    user.auth_chain = decoded_or_as_sent(find_raw(text, "auth-chain"));
    return user;
}

Result<PublishTopic> parse_publish_topic(std::string_view topic, ClientName const& self) {
    if (take_prefix(topic, kTwinGet)) {
        TRY(auto rid, take_rid(topic));
        return TwinGet{std::move(rid)};
    }
    if (take_prefix(topic, kTwinPatch)) {
        TRY(auto rid, take_rid(topic));
        return TwinPatch{std::move(rid)};
    }
    if (take_prefix(topic, kMethodResponse)) return parse_method_response(topic);

    TRY_STATUS(take_names(topic, self));
    if (topic == "messages/events") return Telemetry{};
    if (!take_prefix(topic, "messages/events/")) return fail(Code::NotFound, "no such topic");
    TRY(auto bag, parse_property_bag(topic));
    return Telemetry{std::move(bag)};
}

Result<Feed> parse_filter(std::string_view filter, ClientName const& self) {
    if (filter == "$iothub/twin/res/#") return Feed::TwinResponses;
    if (filter == "$iothub/twin/PATCH/properties/desired/#") return Feed::DesiredChanges;
    if (filter == "$iothub/methods/POST/#") return Feed::Methods;
    TRY_STATUS(take_names(filter, self));
    if (self.module.empty() && filter == "messages/devicebound/#") return Feed::CloudToDevice;
    if (!self.module.empty() && (filter == "inputs/#" || filter == "#")) return Feed::ModuleInputs;
    return fail(Code::NotFound, "no such topic");
}

std::string twin_response_topic(int status, std::string_view rid, std::optional<std::int64_t> version) {
    auto topic = fmt::format("$iothub/twin/res/{}/?$rid={}", status, rid);
    if (version) topic += fmt::format("&$version={}", *version);
    return topic;
}

std::string desired_topic(std::int64_t version) {
    return fmt::format("$iothub/twin/PATCH/properties/desired/?$version={}", version);
}

std::string method_topic(std::string_view method, std::string_view rid) {
    return fmt::format("$iothub/methods/POST/{}/?$rid={}", percent_encode(method), rid);
}

std::string devicebound_topic(ClientName const& to, PropertyBag const& bag) {
    return fmt::format("devices/{}/messages/devicebound/{}", to.device, format_property_bag(bag));
}

std::string input_topic(ClientName const& to, std::string_view input, PropertyBag const& bag) {
    return fmt::format("devices/{}/modules/{}/inputs/{}/{}", to.device, to.module, percent_encode(input),
                       format_property_bag(bag));
}

}  // namespace ounce::wire
