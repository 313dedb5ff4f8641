#include "api/iot_event.hpp"

#include <algorithm>
#include <array>

#include "crypto/base64.hpp"
#include "wire/property_bag.hpp"

namespace ounce::api {
namespace {

constexpr std::string_view kApplication = "iothub-app-";
constexpr std::size_t kBatchMax = 1'000;

struct SystemField {
    std::string_view header;
    std::optional<std::string> wire::SystemProperties::* member;
};
constexpr std::array kSystemFields = {
    SystemField{"iothub-messageid", &wire::SystemProperties::message_id},
    SystemField{"iothub-correlationid", &wire::SystemProperties::correlation_id},
    SystemField{"iothub-userid", &wire::SystemProperties::user_id},
    SystemField{"iothub-to", &wire::SystemProperties::to},
    SystemField{"iothub-expiry", &wire::SystemProperties::expiry_time},
    SystemField{"iothub-contenttype", &wire::SystemProperties::content_type},
    SystemField{"iothub-contentencoding", &wire::SystemProperties::content_encoding},
    SystemField{"iothub-interface-id", &wire::SystemProperties::interface_id},
    SystemField{"iothub-creationtimeutc", &wire::SystemProperties::creation_time},
    SystemField{"dt-subject", &wire::SystemProperties::subject},
    SystemField{"dt-dataschema", &wire::SystemProperties::schema},
};

tl::unexpected<Error> too_large(std::string_view what) {
    return fail_as(Code::ResourceExhausted, "MessageTooLarge", "{}", what);
}

tl::unexpected<Error> wrong(std::size_t index, std::string_view what) {
    return fail(Code::InvalidArgument, "message {}: {}", index, what);
}

Result<iot::Message> parse_item(Json const& item, std::size_t index) {
    if (!item.is_object()) return wrong(index, "must be an object");
    iot::Message message;
    auto const body = item.find("body");
    if (body == item.end() || !body->is_string()) return wrong(index, "'body' must be a text");
    auto const encoded = item.find("base64Encoded");
    auto const& text = body->get_ref<std::string const&>();
    if (encoded != item.end() && encoded->is_boolean() && !encoded->get<bool>()) {
        message.body.assign(text.begin(), text.end());
    } else {
        auto bytes = crypto::parse_base64(text);
        if (!bytes) return wrong(index, "'body' is not base64");
        message.body = std::move(*bytes);
    }
    auto const properties = item.find("properties");
    if (properties == item.end() || properties->is_null()) return message;
    if (!properties->is_object()) return wrong(index, "'properties' must be an object");
    std::vector<std::pair<std::string, std::string>> fields;
    for (auto const& [name, value] : properties->items()) {
        if (!value.is_primitive()) return wrong(index, "a property is no text");
        fields.emplace_back(name, value.is_string() ? value.get<std::string>() : dump_json(value));
    }
    TRY(message.properties, parse_event_properties(fields));
    return message;
}

}  // namespace

Result<wire::PropertyBag> parse_event_properties(
    std::vector<std::pair<std::string, std::string>> const& fields) {
    wire::PropertyBag bag;
    for (auto const& [name, value] : fields) {
        if (name.size() > kApplication.size() &&
            net::same_name(std::string_view(name).substr(0, kApplication.size()), kApplication)) {
            bag.application.push_back({name.substr(kApplication.size()), value});
            continue;
        }
        auto const* const system = std::ranges::find_if(
            kSystemFields, [&](SystemField const& field) { return net::same_name(field.header, name); });
        if (system != kSystemFields.end()) bag.system.*(system->member) = value;
    }
    // What a topic could not say is not accepted here either, and what is said twice is said once.
    auto checked = wire::parse_property_bag(wire::format_property_bag(bag));
    if (!checked && checked.error().code == Code::ResourceExhausted)
        return too_large(checked.error().message);
    return checked;
}

Result<std::vector<iot::Message>> parse_event_batch(Json const& body, iot::Name const& from,
                                                    std::string const& generation) {
    if (!body.is_array() || body.empty() || body.size() > kBatchMax)
        return fail(Code::InvalidArgument, "a batch is a list of 1 to {} messages", kBatchMax);
    std::vector<iot::Message> messages;
    std::size_t bytes = 0;
    for (auto const& item : body) {
        TRY(auto message, parse_item(item, messages.size()));
        bytes += message.body.size();
        if (bytes > iot::kMessageBytesMax)
            return too_large(fmt::format("a batch has at most {} bytes", iot::kMessageBytesMax));
        message.from = from;
        message.generation = generation;
        messages.push_back(std::move(message));
    }
    return messages;
}

}  // namespace ounce::api
