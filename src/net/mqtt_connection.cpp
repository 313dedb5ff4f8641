#include "net/mqtt_connection.hpp"

#include <openssl/err.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <utility>

#include "net/listen.hpp"

namespace ounce::net {

namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

/// After this many reads others have their turn.
constexpr int kReadsPerTurn = 4;
/// How long a closed connection may take to read our last words and close its side.
constexpr std::chrono::milliseconds kLingerMax{1000};

}  // namespace

MqttConnection::MqttConnection(tcp::socket socket, SSL_CTX* context, MqttConnectionOwner& owner,
                               wire::mqtt::SessionLimits const& limits, ConnectionId id,
                               std::string limit_key, Instant now)
    : socket_(std::move(socket)),
      timer_(socket_.get_executor()),
      owner_(owner),
      id_(id),
      limit_key_(std::move(limit_key)),
      ssl_(SSL_new(context)),
      session_(limits, now) {
    OUNCE_CHECK(ssl_ != nullptr);
    SSL_set_accept_state(ssl_.get());
    SSL_set_mode(ssl_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_RELEASE_BUFFERS);
    SSL_set_read_ahead(ssl_.get(), 1);  // one look at the socket a record, not one more for its head
    OUNCE_CHECK(SSL_set_fd(ssl_.get(), socket_.native_handle()) == 1);
}

MqttConnection::~MqttConnection() = default;

std::string MqttConnection::peer() const {
    return peer_address(socket_);
}

void MqttConnection::pump() {
    queued = false;
    if (stage_ == Stage::Handshake && !shake_hands()) return;
    if (stage_ == Stage::Open) {
        take_events();
        read();
        check_deadline();
    }
    if (session_.closed()) end();
    if (stage_ == Stage::Open && flush() && session_.closed()) say_goodbye();
    if (stage_ == Stage::Lingering) linger();
    set_timer();
}

bool MqttConnection::shake_hands() {
    ERR_clear_error();
    int const result = SSL_accept(ssl_.get());
    if (result == 1) {
        stage_ = Stage::Open;
        return true;
    }
    wait_for(result);
    set_timer();
    return false;
}

void MqttConnection::read() {
    if (waits_read_) return;  // nothing came since we last looked: a pump for output does not look
    bool more = true;         // OpenSSL holds more than it gave, or we have not looked yet
    for (int turn = 0; turn < kReadsPerTurn && more && may_read() && !peer_closed_; ++turn) {
        auto const buffer = owner_.scratch();
        std::size_t count = 0;
        ERR_clear_error();
        int const result = SSL_read_ex(ssl_.get(), buffer.data(), buffer.size(), &count);
        if (result == 1) {
            session_.receive(buffer.first(count), Instant::clock::now());
            take_events();
            more = SSL_has_pending(ssl_.get()) == 1;
        } else if (SSL_get_error(ssl_.get(), result) == SSL_ERROR_ZERO_RETURN) {
            peer_closed_ = true;
        } else {
            return wait_for(result);
        }
    }
    if (!may_read()) return;  // whoever changes that says ready()
    if (peer_closed_)
        session_.close("the client closed the connection");
    else if (more)
        owner_.ready(shared_from_this());  // after the others
    else
        await(tcp::socket::wait_read, waits_read_);  // rings at once if more is in the socket
}

bool MqttConnection::may_read() {
    return stage_ == Stage::Open && session_.wants_input() && owner_.may_read(*this);
}

void MqttConnection::check_deadline() {
    auto const now = Instant::clock::now();
    if (!std::exchange(timer_rang_, false) || stage_ != Stage::Open) return;
    if (owner_.may_read(*this))
        session_.advance(now);
    else
        session_.excuse(now);  // we are the ones who do not read
}

/// A client that was closed by us learns nothing more: its events are of no use.
void MqttConnection::take_events() {
    while (stage_ == Stage::Open && owner_.may_read(*this)) {
        auto event = session_.next_event();
        if (!event) return;
        if (std::holds_alternative<wire::mqtt::Violation>(*event) ||
            std::holds_alternative<wire::mqtt::Disconnect>(*event))
            return;
        owner_.event(*this, std::move(*event));
    }
}

/// Hands output to the system. False if it waits for the client to read, or the connection broke.
bool MqttConnection::flush() {
    while (true) {
        if (out_sent_ == out_.size()) {
            out_ = session_.take_output();
            out_sent_ = 0;
            if (out_.empty()) return true;
        }
        std::size_t count = 0;
        ERR_clear_error();
        int const result = SSL_write_ex(ssl_.get(), out_.data() + out_sent_, out_.size() - out_sent_, &count);
        if (result != 1) {
            wait_for(result);
            return false;
        }
        out_sent_ += count;
    }
}

void MqttConnection::end() {
    if (!std::exchange(ended_, true)) owner_.session_ended(*this);
    linger_until_ = std::min(linger_until_, Instant::clock::now() + kLingerMax);
}

void MqttConnection::say_goodbye() {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());  // close_notify; if it does not fit, the socket's end says the same
    ::shutdown(socket_.native_handle(), SHUT_WR);
    stage_ = Stage::Lingering;
}

/// Reads and drops until the client closes too: closing a socket with unread bytes would reset the
/// connection, and the client might never see why it was refused.
void MqttConnection::linger() {
    auto const buffer = owner_.scratch();
    for (int turn = 0; turn < kReadsPerTurn; ++turn) {
        auto const count = ::recv(socket_.native_handle(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (count > 0) continue;
        if (count == 0 || (errno != EAGAIN && errno != EWOULDBLOCK)) return abort({});
        break;
    }
    await(tcp::socket::wait_read, waits_read_);
}

void MqttConnection::wait_for(int result) {
    int const why = SSL_get_error(ssl_.get(), result);
    if (why == SSL_ERROR_WANT_READ) return await(tcp::socket::wait_read, waits_read_);
    if (why == SSL_ERROR_WANT_WRITE) return await(tcp::socket::wait_write, waits_write_);
    ERR_clear_error();
    abort(stage_ == Stage::Handshake ? "the TLS handshake failed" : "the connection broke");
}

void MqttConnection::await(tcp::socket::wait_type what, bool& armed) {
    if (std::exchange(armed, true)) return;
    socket_.async_wait(what, [self = shared_from_this(), &armed](error_code const& failed) {
        armed = false;
        if (!failed && self->stage_ != Stage::Gone) self->owner_.ready(self);
    });
}

void MqttConnection::abort(std::string reason) {
    if (stage_ == Stage::Gone) return;
    session_.close(std::move(reason));
    stage_ = Stage::Gone;
    end();
    error_code ignored;
    timer_.cancel();
    socket_.close(ignored);
    out_ = Bytes();
    out_sent_ = 0;
    ssl_.reset();
    owner_.gone(*this);
}

void MqttConnection::close_at(Instant when, std::string reason) {
    close_at_ = when;
    close_at_reason_ = std::move(reason);
    set_timer();
}

/// One timer serves all deadlines. It is moved only when a deadline is earlier than it: most deadlines are
/// put off again and again, and the timer finds out when it rings.
void MqttConnection::set_timer() {
    if (stage_ == Stage::Gone) return;
    auto at = std::min(linger_until_, close_at_);
    if (auto const deadline = session_.next_deadline()) at = std::min(at, *deadline);
    if (at >= timer_at_) return;
    timer_at_ = at;
    timer_.expires_at(at);
    timer_.async_wait([weak = weak_from_this()](error_code const& failed) {
        auto const self = weak.lock();
        if (!failed && self && self->stage_ != Stage::Gone) self->on_timer();
    });
}

void MqttConnection::on_timer() {
    timer_at_ = Instant::max();
    timer_rang_ = true;
    auto const now = Instant::clock::now();
    if (now >= linger_until_) return abort({});
    if (stage_ == Stage::Handshake && now >= session_.next_deadline().value_or(Instant::max()))
        return abort("no TLS handshake in time");
    if (now >= close_at_) {
        close_at_ = Instant::max();
        session_.close(std::exchange(close_at_reason_, {}));
    }
    owner_.ready(shared_from_this());
}

}  // namespace ounce::net
