#include "wire/property_bag.hpp"

#include <algorithm>
#include <array>

#include "base/percent.hpp"
#include "base/utf8.hpp"

namespace ounce::wire {

namespace {

struct SystemKey {
    std::string_view key;
    std::optional<std::string> SystemProperties::* member;
};

constexpr std::array<SystemKey, 14> kSystemKeys{{
    {"$.mid", &SystemProperties::message_id},
    {"$.cid", &SystemProperties::correlation_id},
    {"$.uid", &SystemProperties::user_id},
    {"$.to", &SystemProperties::to},
    {"$.ct", &SystemProperties::content_type},
    {"$.ce", &SystemProperties::content_encoding},
    {"$.exp", &SystemProperties::expiry_time},
    {"$.on", &SystemProperties::output_name},
    {"$.ifid", &SystemProperties::interface_id},
    {"$.sub", &SystemProperties::subject},
    {"$.ctime", &SystemProperties::creation_time},
    {"$.schema", &SystemProperties::schema},
    {"$.cdid", &SystemProperties::connection_device_id},
    {"$.cmid", &SystemProperties::connection_module_id},
}};

Result<std::string> decode(std::string_view encoded) {
    TRY(auto text, percent_decode(encoded));
    if (!is_utf8(text) || text.find('\0') != std::string::npos)
        return fail(Code::InvalidArgument, "a property is not UTF-8 text");
    return text;
}

void store(PropertyBag& bag, std::string key, std::optional<std::string> value) {
    for (auto const& [name, member] : kSystemKeys) {
        if (name != key) continue;
        bag.system.*member = std::move(value);
        return;
    }
    auto const same = std::find_if(bag.application.begin(), bag.application.end(),
                                   [&](Property const& property) { return property.key == key; });
    if (same != bag.application.end())
        same->value = std::move(value);
    else
        bag.application.push_back({std::move(key), std::move(value)});
}

void append(std::string& out, std::string_view key, std::optional<std::string> const& value) {
    if (!out.empty()) out += '&';
    out += percent_encode(key);
    if (value) out += '=' + percent_encode(*value);
}

}  // namespace

Result<PropertyBag> parse_property_bag(std::string_view text) {
    if (text.size() > kBagBytesMax)
        return fail(Code::ResourceExhausted, "the properties have more than {} bytes", kBagBytesMax);
    if (text.starts_with('?')) text.remove_prefix(1);
    if (text.ends_with('/')) text.remove_suffix(1);

    PropertyBag bag;
    std::size_t count = 0;
    while (!text.empty()) {
        auto const end = std::min(text.find('&'), text.size());
        auto const piece = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (piece.empty()) continue;
        if (++count > kBagPropertiesMax)
            return fail(Code::ResourceExhausted, "the message has more than {} properties",
                        kBagPropertiesMax);
        auto const equals = piece.find('=');
        TRY(auto key, decode(piece.substr(0, equals)));
        if (key.empty()) return fail(Code::InvalidArgument, "a property has no name");
        std::optional<std::string> value;
        if (equals != std::string_view::npos) {
            TRY(value, decode(piece.substr(equals + 1)));
        }
        store(bag, std::move(key), std::move(value));
    }
    return bag;
}

std::string format_property_bag(PropertyBag const& bag) {
    std::string out;
    for (auto const& [key, member] : kSystemKeys)
        if (bag.system.*member) append(out, key, bag.system.*member);
    for (auto const& [key, value] : bag.application) append(out, key, value);
    return out;
}

}  // namespace ounce::wire
