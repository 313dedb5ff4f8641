#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace ounce::wire {

/// The part of a message's properties whose meaning the hub knows. On the wire each has a key that begins
/// with "$." (iothub-auth-mqtt-http B2). Texts are as the device sent them, times too.
struct SystemProperties {
    std::optional<std::string> message_id;            // $.mid
    std::optional<std::string> correlation_id;        // $.cid
    std::optional<std::string> user_id;               // $.uid
    std::optional<std::string> to;                    // $.to
    std::optional<std::string> content_type;          // $.ct
    std::optional<std::string> content_encoding;      // $.ce
    std::optional<std::string> expiry_time;           // $.exp
    std::optional<std::string> output_name;           // $.on, of modules
    std::optional<std::string> interface_id;          // $.ifid
    std::optional<std::string> subject;               // $.sub
    std::optional<std::string> creation_time;         // $.ctime
    std::optional<std::string> schema;                // $.schema
    std::optional<std::string> connection_device_id;  // $.cdid
    std::optional<std::string> connection_module_id;  // $.cmid

    bool operator==(SystemProperties const&) const = default;
};

/// A property that only the application knows.
struct Property {
    std::string key;
    std::optional<std::string> value;  // absent: null ("key"); empty: "key="

    bool operator==(Property const&) const = default;
};

struct PropertyBag {
    SystemProperties system;
    std::vector<Property> application;  // in the order they were sent, keys unique

    bool operator==(PropertyBag const&) const = default;
};

inline constexpr std::size_t kBagBytesMax = 65535;  // as much as fits into a topic
inline constexpr std::size_t kBagPropertiesMax = 256;

/// Parses the tail of a topic: "%24.mid=id%201&key=a%2Bb". Forgives a '?' in front and one '/' behind; '+' is
/// a plus. An unknown "$." key is an application property. Of a key sent twice the last value counts. A
/// system key without value counts as not sent.
/// Errors: InvalidArgument for broken escapes, text that is not UTF-8, NUL, an empty key; ResourceExhausted
/// beyond the bounds above.
Result<PropertyBag> parse_property_bag(std::string_view text);

/// The bag as a topic ends: system properties first, everything escaped, so that it holds no '/', '+', '#'.
std::string format_property_bag(PropertyBag const& bag);

}  // namespace ounce::wire
