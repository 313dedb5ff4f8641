#pragma once

/// For the files of net: drags Asio and OpenSSL in.

#include <openssl/ssl.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/clock.hpp"
#include "net/mqtt_server.hpp"
#include "wire/mqtt_session.hpp"

namespace ounce::net {

class MqttConnection;

/// What a connection tells its server. On the server's thread.
class MqttConnectionOwner {
  public:
    virtual ~MqttConnectionOwner() = default;
    /// pump() has something to do; the owner calls it soon, and never from within.
    virtual void ready(std::shared_ptr<MqttConnection> connection) = 0;
    virtual void event(MqttConnection& connection, wire::mqtt::Event event) = 0;
    /// Whether one more message may be taken from this connection now; if not, the owner says ready() later.
    virtual bool may_read(MqttConnection& connection) = 0;
    /// The session ended; the connection may live on for a moment to say its last words.
    virtual void session_ended(MqttConnection& connection) = 0;
    /// The socket is closed; nothing more comes.
    virtual void gone(MqttConnection& connection) = 0;
    /// Where bytes are read to; shared by all connections of the thread.
    virtual std::span<std::uint8_t> scratch() = 0;
};

/// One TLS connection and its MQTT session.
///
/// Neither a coroutine nor Asio's TLS stream: those keep 70 KB of buffers for each connection, and most of
/// ours are idle. OpenSSL works on the socket itself, gives its buffers back when it is quiet
/// (SSL_MODE_RELEASE_BUFFERS), and pump() does all that can be done without waiting, then waits for what it
/// lacks.
class MqttConnection : public std::enable_shared_from_this<MqttConnection> {
  public:
    /// `limits` and `owner` are borrowed for as long as the connection lives.
    MqttConnection(boost::asio::ip::tcp::socket socket, SSL_CTX* context, MqttConnectionOwner& owner,
                   wire::mqtt::SessionLimits const& limits, ConnectionId id, std::string limit_key,
                   Instant now);
    MqttConnection(MqttConnection const&) = delete;
    MqttConnection& operator=(MqttConnection const&) = delete;
    ~MqttConnection();

    /// Handshake, read, answer, write, close: as far as it goes now.
    void pump();
    void close_at(Instant when, std::string reason);
    /// Closes the socket without a word.
    void abort(std::string reason);

    [[nodiscard]] ConnectionId id() const { return id_; }
    [[nodiscard]] std::string const& limit_key() const { return limit_key_; }
    [[nodiscard]] std::string peer() const;
    [[nodiscard]] wire::mqtt::Session& session() { return session_; }
    /// True if all that was said has been handed to the system.
    [[nodiscard]] bool flushed() const { return out_sent_ == out_.size() && session_.output_bytes() == 0; }

    // The owner's notes.
    bool queued = false;      // waits for pump()
    bool work_full = false;   // has too much in work to be read from
    bool introduced = false;  // its Connect went to the handler
    std::size_t work_bytes = 0;

  private:
    enum class Stage : std::uint8_t { Handshake, Open, Lingering, Gone };

    bool shake_hands();
    void read();
    bool may_read();
    void take_events();
    void check_deadline();
    bool flush();
    void end();
    void say_goodbye();
    void linger();
    /// Waits for what OpenSSL lacks, or aborts if the connection is broken.
    void wait_for(int result);
    void await(boost::asio::ip::tcp::socket::wait_type what, bool& armed);
    void set_timer();
    void on_timer();

    struct FreeSsl {
        void operator()(SSL* ssl) const { SSL_free(ssl); }
    };

    boost::asio::ip::tcp::socket socket_;
    boost::asio::steady_timer timer_;
    MqttConnectionOwner& owner_;
    ConnectionId const id_;
    std::string const limit_key_;
    std::unique_ptr<SSL, FreeSsl> ssl_;
    wire::mqtt::Session session_;
    Stage stage_ = Stage::Handshake;
    bool waits_read_ = false;
    bool waits_write_ = false;
    bool timer_rang_ = false;
    bool ended_ = false;  // session_ended() was told
    bool peer_closed_ = false;
    Bytes out_;  // being written
    std::size_t out_sent_ = 0;
    Instant timer_at_ = Instant::max();
    Instant linger_until_ = Instant::max();
    Instant close_at_ = Instant::max();
    std::string close_at_reason_;
};

}  // namespace ounce::net
