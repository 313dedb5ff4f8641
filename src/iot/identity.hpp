#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/result.hpp"
#include "crypto/secret.hpp"
#include "wire/topic.hpp"

namespace ounce::iot {

/// A device, or a module of one if `module` is not empty.
using Name = wire::ClientName;

inline constexpr std::size_t kIdBytesMax = 128;
inline constexpr std::size_t kKeyBytesMin = 16;
inline constexpr std::size_t kKeyBytesMax = 64;
inline constexpr std::size_t kStatusReasonBytesMax = 128;

/// Whether `text` may name a device or a module: 1 to 128 ASCII letters, digits and "-.+%_#*?!(),:=@$'"
/// (iothub-service-rest-amqp.md D3). Any thread, like all of this file.
bool is_id(std::string_view text);

enum class DeviceStatus : std::uint8_t { Enabled, Disabled };

/// How an identity shows who it is. Only Sas works so far; the others are kept for the X.509 to come.
enum class AuthenticationType : std::uint8_t { Sas, SelfSigned, CertificateAuthority, None };

struct Authentication {
    AuthenticationType type = AuthenticationType::Sas;
    crypto::Secret primary_key;  // 16 to 64 bytes with Sas, else none
    crypto::Secret secondary_key;
    std::string primary_thumbprint;  // hexadecimal, with SelfSigned
    std::string secondary_thumbprint;
};

/// What the hub knows of a device or module, apart from its twin.
struct Identity {
    Name name;
    std::string generation;  // digits; one made anew under an old id has another
    std::string etag;        // changes with every change of what is below
    DeviceStatus status = DeviceStatus::Enabled;
    std::string status_reason;
    Time status_changed{};  // the epoch: never
    Authentication authentication;
    bool edge = false;       // runs the edge runtime: has the modules $edgeAgent and $edgeHub
    std::string scope;       // "ms-azure-iot-edge://id-generation": its own if edge, else its parent's
    std::string parent;      // the scope of the edge device above it; may be empty
    std::string managed_by;  // of a module: "IotEdge" if deployments make and remove it
    std::uint8_t feeds = 0;  // bits of wire::Feeds: what it is subscribed to, also while away
};

/// What somebody asks an identity to be (D3, D4). What is absent stays as it is, or gets its default in a new
/// one.
struct IdentityRequest {
    Name name;
    std::optional<DeviceStatus> status;
    std::optional<std::string> status_reason;
    /// Keys left out or empty are made by the hub, or kept if there are some.
    std::optional<Authentication> authentication;
    std::optional<bool> edge;
    std::optional<std::string> scope;
    std::optional<std::string> parent;
    std::optional<std::string> managed_by;
};

/// Reads the body of a PUT for `name`. An id in the body must agree with it.
/// Errors: InvalidArgument, naming the member.
Result<IdentityRequest> parse_identity_request(Json const& body, Name name);

/// What is known of a connection, from memory: see presence.hpp.
struct Presence {
    bool connected = false;
    Time changed{};        // when it last came or went; the epoch: never since the hub started
    Time last_activity{};  // the same
};

/// The identity as D3 (device) or D4 (module) has it. It holds its keys: only for who
/// may read the registry.
Json identity_to_json(Identity const& identity, Presence const& presence);

/// The scope of an edge device: "ms-azure-iot-edge://<id>-<generation>".
std::string edge_scope(std::string_view device, std::string_view generation);

/// "enabled", "disabled".
std::string_view to_string(DeviceStatus status);
/// "sas", "selfSigned", "certificateAuthority", "none".
std::string_view to_string(AuthenticationType type);

/// "device 'a'" or "module 'm' of device 'a'": for messages.
std::string describe(Name const& name);

/// A time as this wire writes it: seven digits; "0001-01-01T00:00:00Z" for one that never was.
std::string wire_time(Time time);

}  // namespace ounce::iot
