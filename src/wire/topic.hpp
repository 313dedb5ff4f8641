#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.hpp"
#include "wire/property_bag.hpp"

namespace ounce::wire {

/// Who speaks on a connection: a device, or a module of one. Case counts.
struct ClientName {
    std::string device;
    std::string module;  // empty: the device itself

    bool operator==(ClientName const&) const = default;
};

/// "device" or "device/module": the MQTT client id.
/// Errors: InvalidArgument for an empty part or more than two.
Result<ClientName> parse_client_id(std::string_view client_id);
std::string format_client_id(ClientName const& name);

/// The MQTT user name (iothub-auth-mqtt-http A4):
/// "host/device[/module][/?api-version=2021-04-12&DeviceClientType=...]". The '?' may be missing, and all
/// that follows the names. Values that are no proper percent coding are kept as sent.
struct UserName {
    std::string host;  // may end in ":port"
    ClientName client;
    std::string api_version;
    std::string model_id;
    std::string client_type;  // DeviceClientType
    std::string auth_chain;   // of a device behind a gateway
};
inline constexpr std::size_t kUserNameBytesMax = 8 * 1024;
/// Errors: InvalidArgument.
Result<UserName> parse_user_name(std::string_view text);

/// What a client may publish (B1). `rid` names the exchange; it is kept as sent, escapes and all, to be
/// echoed.
struct Telemetry {
    PropertyBag bag;
};
struct TwinGet {
    std::string rid;
};
struct TwinPatch {  // of the reported part
    std::string rid;
};
struct MethodResponse {
    std::int32_t status = 0;
    std::string rid;
};
using PublishTopic = std::variant<Telemetry, TwinGet, TwinPatch, MethodResponse>;
inline constexpr std::size_t kRidBytesMax = 256;

/// Parses the topic of a PUBLISH that `self` sent. Ids in a topic may be written plain or percent-encoded.
/// Errors: PermissionDenied for a topic of another device or module; NotFound for one that does not exist;
/// InvalidArgument or ResourceExhausted for one that is malformed.
Result<PublishTopic> parse_publish_topic(std::string_view topic, ClientName const& self);

/// What a client may subscribe to (B1).
enum class Feed : std::uint8_t {
    CloudToDevice = 1,   // devices/<d>/messages/devicebound/#
    ModuleInputs = 2,    // devices/<d>/modules/<m>/inputs/#, or .../modules/<m>/#
    TwinResponses = 4,   // $iothub/twin/res/#
    DesiredChanges = 8,  // $iothub/twin/PATCH/properties/desired/#
    Methods = 16,        // $iothub/methods/POST/#
};

/// A set of feeds; its bits are what is kept on disk of a session.
class Feeds {
  public:
    constexpr Feeds() = default;
    static constexpr std::uint8_t kAll = 31;
    /// Unknown bits are dropped.
    static constexpr Feeds from_bits(std::uint8_t bits) {
        Feeds feeds;
        feeds.bits_ = bits & kAll;
        return feeds;
    }
    [[nodiscard]] constexpr std::uint8_t bits() const { return bits_; }
    [[nodiscard]] constexpr bool has(Feed feed) const {
        return (bits_ & static_cast<std::uint8_t>(feed)) != 0;
    }
    constexpr void add(Feed feed) { bits_ |= static_cast<std::uint8_t>(feed); }
    constexpr void remove(Feed feed) { bits_ &= static_cast<std::uint8_t>(~static_cast<unsigned>(feed)); }
    bool operator==(Feeds const&) const = default;

  private:
    std::uint8_t bits_ = 0;
};

/// The feed that `filter` names for `self`.
/// Errors: PermissionDenied for a feed of another device or module; NotFound for a filter that names no feed.
Result<Feed> parse_filter(std::string_view filter, ClientName const& self);

/// Topics that the hub publishes to. `status` and `version` are decimal in them.
std::string twin_response_topic(int status, std::string_view rid, std::optional<std::int64_t> version = {});
std::string desired_topic(std::int64_t version);
std::string method_topic(std::string_view method, std::string_view rid);
std::string devicebound_topic(ClientName const& to, PropertyBag const& bag);
std::string input_topic(ClientName const& to, std::string_view input, PropertyBag const& bag);

}  // namespace ounce::wire
