#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

/// MQTT 3.1.1 control packets (OASIS standard of 29 October 2014; section numbers below are its own), as both
/// sides send them. Pure values and bytes; any thread.
namespace ounce::wire::mqtt {

enum class Qos : std::uint8_t { AtMostOnce = 0, AtLeastOnce = 1, ExactlyOnce = 2 };

/// The answer to a CONNECT (3.2.2.3).
enum class ConnectCode : std::uint8_t {
    Accepted = 0,
    UnacceptableProtocol = 1,
    IdentifierRejected = 2,
    ServerUnavailable = 3,
    BadUserNameOrPassword = 4,
    NotAuthorized = 5,
};

/// What the server publishes when the client vanishes.
struct Will {
    std::string topic;
    Bytes payload;
    Qos qos = Qos::AtMostOnce;
    bool retain = false;

    bool operator==(Will const&) const = default;
};

inline constexpr std::uint8_t kProtocolLevel = 4;  // 3.1.1

struct Connect {
    /// Another level than kProtocolLevel: nothing else of the packet was read; answer UnacceptableProtocol.
    std::uint8_t level = kProtocolLevel;
    bool clean_session = true;
    std::uint16_t keep_alive_s = 0;  // 0: the client does not want to be watched
    std::string client_id;
    std::optional<Will> will;
    std::optional<std::string> user_name;
    std::optional<std::string> password;  // a secret: any bytes, never logged

    bool operator==(Connect const&) const = default;
};

struct Connack {
    bool session_present = false;
    ConnectCode code = ConnectCode::Accepted;

    bool operator==(Connack const&) const = default;
};

struct Publish {
    std::string topic;
    Bytes payload;
    Qos qos = Qos::AtMostOnce;
    bool retain = false;
    bool dup = false;
    std::uint16_t packet_id = 0;  // 0 for AtMostOnce, never 0 otherwise

    bool operator==(Publish const&) const = default;
};

/// The four acknowledgements of a publish.
enum class AckKind : std::uint8_t { Puback = 4, Pubrec = 5, Pubrel = 6, Pubcomp = 7 };
struct Ack {
    AckKind kind = AckKind::Puback;
    std::uint16_t packet_id = 0;

    bool operator==(Ack const&) const = default;
};

struct Subscription {
    std::string filter;
    Qos qos = Qos::AtMostOnce;

    bool operator==(Subscription const&) const = default;
};
struct Subscribe {
    std::uint16_t packet_id = 0;
    std::vector<Subscription> subscriptions;  // at least one

    bool operator==(Subscribe const&) const = default;
};

inline constexpr std::uint8_t kSubscriptionRefused = 0x80;
struct Suback {
    std::uint16_t packet_id = 0;
    std::vector<std::uint8_t> codes;  // one for each subscription: the QoS granted, or kSubscriptionRefused

    bool operator==(Suback const&) const = default;
};

struct Unsubscribe {
    std::uint16_t packet_id = 0;
    std::vector<std::string> filters;  // at least one

    bool operator==(Unsubscribe const&) const = default;
};
struct Unsuback {
    std::uint16_t packet_id = 0;

    bool operator==(Unsuback const&) const = default;
};

struct Pingreq {
    bool operator==(Pingreq const&) const = default;
};
struct Pingresp {
    bool operator==(Pingresp const&) const = default;
};
struct Disconnect {
    bool operator==(Disconnect const&) const = default;
};

using Packet = std::variant<Connect, Connack, Publish, Ack, Subscribe, Suback, Unsubscribe, Unsuback, Pingreq,
                            Pingresp, Disconnect>;

inline constexpr std::size_t kPayloadBytesMax = 256 * 1024;  // of one message (iothub-auth-mqtt-http B2)
/// The longest packet taken: such a payload under the longest topic.
inline constexpr std::size_t kPacketBytesMax = kPayloadBytesMax + 65535 + 16;
inline constexpr std::size_t kFiltersMax = 256;  // of one SUBSCRIBE or UNSUBSCRIBE

/// Takes the first packet off the front of `input`. Nothing, and `input` as it was, if more bytes are needed:
/// the length is known after 5 bytes, so calling again for each read is cheap.
/// Errors: ResourceExhausted if the packet says that it is longer than `bytes_max`, or has more than
/// kFiltersMax filters; InvalidArgument for all else that the standard forbids. The stream is of no use then.
Result<std::optional<Packet>> take_packet(ByteView& input, std::size_t bytes_max = kPacketBytesMax);

/// Appends `packet` to `out`. Texts longer than 65535 bytes and packets longer than 2^28-1 are our mistake
/// and end the program.
void encode(Packet const& packet, Bytes& out);

/// Appends a PUBLISH without the copy that a Publish would cost.
void encode_publish(std::string_view topic, ByteView payload, Qos qos, std::uint16_t packet_id, bool dup,
                    Bytes& out);

}  // namespace ounce::wire::mqtt
