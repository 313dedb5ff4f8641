#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "wire/mqtt_packet.hpp"

namespace ounce::wire::mqtt {

/// The bounds of one connection.
struct SessionLimits {
    /// From the first byte of the connection to a whole CONNECT.
    std::chrono::seconds connect_timeout{10};
    /// A stranger's CONNECT may not be longer; a real one with a token has less than 2 KiB.
    std::size_t connect_bytes_max = 16 * 1024;
    std::size_t packet_bytes_max = kPacketBytesMax;
    /// Bytes made but not taken by take_output(). A client that does not read them is closed: see publish().
    std::size_t output_bytes_max = 512 * 1024;
    /// QoS 1 publishes sent and not acknowledged; more are refused, see publish().
    std::size_t inflight_max = 64;
};

/// Keep-alive never lasts longer than this, whatever the client asks (iothub-auth-mqtt-http A5).
inline constexpr std::chrono::seconds kKeepAliveMax{1767};

/// A PUBACK of a publish that was in flight.
struct Acknowledged {
    std::uint16_t packet_id = 0;
};

/// The client broke the protocol or a bound; the session is closed. The reason is for the log.
struct Violation {
    std::string reason;
};

/// What a client asked for. Pings are answered inside.
using Event = std::variant<Connect, Publish, Acknowledged, Subscribe, Unsubscribe, Disconnect, Violation>;

/// The server's side of ONE MQTT connection, without its socket: bytes and the time go in, events and bytes
/// come out. One thread. The owner's loop:
///
///     session.receive(bytes, now);
///     while (auto event = session.next_event()) handle(*event);   // may call accept(), puback(),
///     publish()... write(session.take_output()); if (session.closed()) close();       // after writing: a
///     CONNACK or SUBACK may be in there wait for bytes, or until session.next_deadline(), then
///     session.advance(now)
///
/// Rules (iothub-auth-mqtt-http A5): a second CONNECT closes; PUBLISH with QoS 2 closes; SUBSCRIBE with QoS 2
/// is granted 1 (suback() caps it); nothing is read behind a CONNECT until it is accepted.
class Session {
  public:
    using Time = std::chrono::steady_clock::time_point;

    /// `limits` is borrowed for the life of the session, so that ten thousand of them share one.
    Session(SessionLimits const& limits, Time now);

    /// Bytes that arrived. Nothing is parsed yet.
    void receive(ByteView bytes, Time now);

    /// The next thing the client asked for. Nothing while a CONNECT waits for its answer, and after the end.
    std::optional<Event> next_event();

    /// Closes the session with a Violation if a deadline has passed.
    void advance(Time now);
    /// The owner did not read for a while: the client's silence so far does not count.
    void excuse(Time now) { last_packet_ = now; }
    /// When advance() is to be called next; nothing while a CONNECT waits for its answer, and after the end.
    [[nodiscard]] std::optional<Time> next_deadline() const;

    /// True while the owner should read from the socket: not while a CONNECT waits, not after the end.
    [[nodiscard]] bool wants_input() const;

    /// Answers the CONNECT. `session_present` as 3.2.2.2 has it.
    void accept(bool session_present, Time now);
    /// Answers the CONNECT and ends the session.
    void refuse(ConnectCode code);

    // Answers to events. They do nothing once the session is closed.
    void puback(std::uint16_t packet_id);
    /// `codes`: for each subscription Qos, or kSubscriptionRefused; QoS 2 is lowered to 1.
    void suback(std::uint16_t packet_id, std::vector<std::uint8_t> codes);
    void unsuback(std::uint16_t packet_id);

    /// Publishes to the client. Gives the packet id, 0 for QoS 0. QoS 2 is never sent.
    /// Errors: ResourceExhausted with QoS 1 if inflight_max are on their way: keep the message and try again
    /// after an Acknowledged. Unavailable if the session is not open, or was closed here and now because the
    /// client left output_bytes_max unread.
    Result<std::uint16_t> publish(std::string_view topic, ByteView payload, Qos qos, bool dup = false);

    /// Ends the session for a reason of the owner's: no event tells of it.
    void close(std::string reason);

    [[nodiscard]] bool open() const { return state_ == State::Open; }
    [[nodiscard]] bool closed() const { return state_ == State::Closed; }
    /// Why it was closed; empty before, and after a polite DISCONNECT.
    [[nodiscard]] std::string const& close_reason() const { return close_reason_; }

    /// The bytes to send so far, and forgets them.
    Bytes take_output();
    [[nodiscard]] std::size_t output_bytes() const { return output_.size(); }
    [[nodiscard]] std::size_t inflight() const { return inflight_.size(); }

  private:
    enum class State : std::uint8_t { AwaitingConnect, Deciding, Open, Closed };

    std::optional<Event> handle(Packet packet);
    std::optional<Event> violation(std::string reason);
    bool fits();
    std::uint16_t next_packet_id();

    SessionLimits const& limits_;
    State state_ = State::AwaitingConnect;
    bool violation_untold_ = false;
    std::uint16_t last_packet_id_ = 0;
    std::chrono::milliseconds patience_;  // from the last whole packet to the deadline
    Time last_packet_;
    Time received_;
    std::size_t consumed_ = 0;  // of input_
    Bytes input_;               // freed when empty: most sessions are idle
    Bytes output_;
    std::vector<std::uint16_t> inflight_;
    std::string close_reason_;
};

}  // namespace ounce::wire::mqtt
