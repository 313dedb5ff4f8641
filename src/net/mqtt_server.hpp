#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/metrics.hpp"
#include "base/result.hpp"
#include "base/unique_function.hpp"
#include "net/tls.hpp"
#include "wire/mqtt_session.hpp"

namespace ounce::net {

/// Names one connection for as long as the server lives; never used again.
using ConnectionId = std::uint64_t;

/// How much an event counts against the bounds on work: its bytes and what keeping it costs for Publish,
/// Subscribe and Unsubscribe, which cost the hub a disk's time; 0 for the others.
std::size_t work_bytes(wire::mqtt::Event const& event);

/// What a handler can do with connections. On the server's thread, except post(). Unknown ids are those of
/// connections that are gone: nothing happens then, so an answer that comes late needs no care.
class MqttLinks {
  public:
    virtual ~MqttLinks() = default;

    /// Runs `work` on the server's thread soon, in the order posted. Any thread. Work posted after the end
    /// of the server is dropped.
    virtual void post(UniqueFunction<void()> work) = 0;

    /// The session of a connection, to call accept(), puback(), publish(), close()... on; what it has to say
    /// is sent when the handler returns. Null if it is gone. Borrowed until the handler returns.
    virtual wire::mqtt::Session* find_session(ConnectionId id) = 0;

    /// The work on an event is done, well or not: exactly once for each that has work_bytes(), with these.
    virtual void finished(ConnectionId id, std::size_t bytes) = 0;

    /// Closes the connection then (its token has expired), if it still lives.
    virtual void close_at(ConnectionId id, Instant when, std::string reason) = 0;

    /// MqttHandler::wake() is called then, once; only the last call counts.
    virtual void wake_at(Instant when) = 0;

    /// The caller's address without its port, for the log.
    [[nodiscard]] virtual std::string peer(ConnectionId id) = 0;
};

/// What a server does with connections. On the server's thread; must be quick and wait for nothing.
class MqttHandler {
  public:
    virtual ~MqttHandler() = default;

    /// Once, before anything else, on the thread that starts the server. `links` lives as long as it.
    virtual void start(MqttLinks& links) = 0;

    /// What a client asked: Connect first, to be answered by accept() or refuse(), at once or later. Never
    /// Disconnect or Violation: see closed().
    virtual void handle(ConnectionId id, wire::mqtt::Event event) = 0;

    /// A connection whose Connect was handled is gone, for whatever reason. `reason` is empty if the client
    /// said DISCONNECT: then its will is not to be published.
    virtual void closed(ConnectionId id, std::string const& reason) = 0;

    /// See MqttLinks::wake_at().
    virtual void wake() = 0;

    /// Once, after everything else, on the thread that ends the server: `links` goes away.
    virtual void stop() = 0;
};

/// A server of MQTT 3.1.1 over TLS on one thread of its own.
///
/// Bounds: a connection that has too much in work is not read from until half of it is finished, and all
/// together likewise. One that does not read what it is sent is closed (SessionLimits::output_bytes_max). An
/// address that opens connections too fast or too many is closed before its TLS handshake, without an answer.
class MqttServer {
  public:
    struct Options {
        std::string address = "::";  // "::" also takes IPv4; "127.0.0.1", ...
        std::uint16_t port = 8883;   // 0: one that is free
        std::size_t connections_max = 20'000;
        std::size_t connections_per_address_max = 10'000;  // a whole site may be behind one address
        double accepts_per_second_per_address = 200;
        std::size_t work_bytes_max = 64u << 20;                  // of all connections
        std::size_t work_bytes_per_connection_max = 512 * 1024;  // more than the largest message
        /// connect_timeout counts from the first byte of TCP: the TLS handshake is in it.
        wire::mqtt::SessionLimits session;
    };

    /// Binds and starts. `handler` and `metrics` must outlive the server.
    /// Errors: PermissionDenied or Unavailable if the port cannot be bound, with what to do about it.
    static Result<std::unique_ptr<MqttServer>> start(Options options, TlsIdentity const& identity,
                                                     MqttHandler& handler, Metrics& metrics);

    virtual ~MqttServer() = default;  // closes everything at once
    [[nodiscard]] virtual std::uint16_t port() const = 0;
    /// Takes no new connections and no more messages; the work under way has until `deadline` from now to be
    /// finished and acknowledged. Then closes all connections, and returns. Once; any thread but the
    /// server's.
    virtual void drain(std::chrono::milliseconds deadline) = 0;
};

}  // namespace ounce::net
