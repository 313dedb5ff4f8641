#include "net/mqtt_server.hpp"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <future>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>

#include "base/log.hpp"
#include "net/accept_limit.hpp"
#include "net/listen.hpp"
#include "net/mqtt_connection.hpp"
#include "net/tls_context.hpp"

namespace ounce::net {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using std::chrono::milliseconds;

constexpr int kAcceptsPerTurn = 64;
/// How long to wait when the process has no descriptors left.
constexpr milliseconds kAcceptPause{100};
constexpr std::chrono::seconds kRefusalLogInterval{10};
constexpr std::size_t kTlsRecordBytesMax = 16 * 1024;
constexpr std::size_t kWorkOverheadBytes = 512;

struct Counts {
    explicit Counts(Metrics& metrics)
        : open(metrics.gauge("ounce_mqtt_connections", "MQTT connections now open")),
          accepted(metrics.counter("ounce_mqtt_accepted", "MQTT connections accepted")),
          too_fast(refused(metrics, R"(why="too_fast")")),
          too_many(refused(metrics, R"(why="too_many")")),
          work(metrics.gauge("ounce_mqtt_work_bytes", "Bytes of messages received and not finished")) {}

    static Counter& refused(Metrics& metrics, std::string_view label) {
        return metrics.counter("ounce_mqtt_refused", "MQTT connections closed before their TLS handshake",
                               label);
    }

    Gauge& open;
    Counter& accepted;
    Counter& too_fast;
    Counter& too_many;
    Gauge& work;
};

class Server final : public MqttServer, public MqttLinks, public MqttConnectionOwner {
  public:
    Server(Options options, TlsIdentity identity, MqttHandler& handler, Metrics& metrics)
        : options_(std::move(options)),
          identity_(std::move(identity)),
          handler_(handler),
          counts_(metrics),
          limit_({.open_max = options_.connections_per_address_max,
                  .per_second = options_.accepts_per_second_per_address}),
          acceptor_(io_),
          accept_timer_(io_),
          wake_timer_(io_),
          drain_timer_(io_) {}

    // NOLINTNEXTLINE(bugprone-exception-escape): a thread that cannot be joined may end the program
    ~Server() override {
        asio::post(io_, [this] { stop(); });
        if (!thread_.joinable()) return;  // never started
        thread_.join();
        handler_.stop();
    }

    Status start() {
        TRY(acceptor_, listen(io_, options_.address, options_.port, "listen.mqtt_port in hub.toml"));
        port_ = acceptor_.local_endpoint().port();
        handler_.start(*this);
        thread_ = std::thread([this] { run(); });
        return {};
    }

    [[nodiscard]] std::uint16_t port() const override { return port_; }

    void drain(milliseconds deadline) override {
        auto drained = drained_.get_future();
        post([this, deadline] { begin_drain(deadline); });
        drained.wait();
    }

    // MqttLinks

    void post(UniqueFunction<void()> work) override {
        {
            std::scoped_lock const lock(posted_mutex_);
            posted_.push_back(std::move(work));
            if (std::exchange(posted_scheduled_, true)) return;
        }
        asio::post(io_, [this] { run_posted(); });  // not under the lock: who wakes would only wait for it
    }

    wire::mqtt::Session* find_session(ConnectionId id) override {
        auto const found = connections_.find(id);
        if (found == connections_.end()) return nullptr;
        ready(found->second);
        return &found->second->session();
    }

    void finished(ConnectionId id, std::size_t bytes) override {
        OUNCE_CHECK(bytes <= work_bytes_);
        work_bytes_ -= bytes;
        counts_.work.set(static_cast<std::int64_t>(work_bytes_));
        if (auto const found = connections_.find(id); found != connections_.end()) {
            auto& connection = found->second;
            bool const was_full = connection->work_full;
            connection->work_bytes -= std::min(bytes, connection->work_bytes);
            if (connection->work_bytes <= options_.work_bytes_per_connection_max / 2)
                connection->work_full = false;
            if (was_full && !connection->work_full) ready(connection);
        }
        if (work_full_ && work_bytes_ <= options_.work_bytes_max / 2) {
            work_full_ = false;
            for (auto const& [other, connection] : connections_) ready(connection);
        }
    }

    void close_at(ConnectionId id, Instant when, std::string reason) override {
        if (auto const found = connections_.find(id); found != connections_.end())
            found->second->close_at(when, std::move(reason));
    }

    void wake_at(Instant when) override {
        wake_timer_.expires_at(when);
        wake_timer_.async_wait([this](error_code const& failed) {
            if (failed) return;
            handler_.wake();
            settle();
        });
    }

    [[nodiscard]] std::string peer(ConnectionId id) override {
        auto const found = connections_.find(id);
        return found == connections_.end() ? std::string() : found->second->peer();
    }

    // MqttConnectionOwner

    void ready(std::shared_ptr<MqttConnection> connection) override {
        if (std::exchange(connection->queued, true)) return;
        queue_.push_back(std::move(connection));
        if (!settling_) schedule_settle();
    }

    void event(MqttConnection& connection, wire::mqtt::Event event) override {
        if (std::holds_alternative<wire::mqtt::Connect>(event)) connection.introduced = true;
        if (auto const bytes = net::work_bytes(event); bytes > 0) {
            connection.work_bytes += bytes;
            work_bytes_ += bytes;
            connection.work_full = connection.work_bytes >= options_.work_bytes_per_connection_max;
            work_full_ = work_full_ || work_bytes_ >= options_.work_bytes_max;
            counts_.work.set(static_cast<std::int64_t>(work_bytes_));
        }
        handler_.handle(connection.id(), std::move(event));
    }

    bool may_read(MqttConnection& connection) override {
        return !draining_ && !work_full_ && !connection.work_full;
    }

    void session_ended(MqttConnection& connection) override {
        if (connection.introduced) handler_.closed(connection.id(), connection.session().close_reason());
    }

    void gone(MqttConnection& connection) override {
        limit_.leave(connection.limit_key());
        connections_.erase(connection.id());
        counts_.open.set(static_cast<std::int64_t>(connections_.size()));
        if (draining_ && connections_.empty()) schedule_settle();
    }

    std::span<std::uint8_t> scratch() override { return scratch_; }

  private:
    void run() {
        // A client that closes first must not end the program: OpenSSL writes without MSG_NOSIGNAL.
        sigset_t pipe;
        sigemptyset(&pipe);
        sigaddset(&pipe, SIGPIPE);
        pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
        wait_accept();
        io_.run();
    }

    void stop() {
        error_code ignored;
        acceptor_.close(ignored);
        while (!connections_.empty()) {
            auto const connection = connections_.begin()->second;
            connection->abort("the hub stopped");
        }
        io_.stop();
    }

    void run_posted() {
        std::vector<UniqueFunction<void()>> work;
        {
            std::scoped_lock const lock(posted_mutex_);
            work.swap(posted_);
            posted_scheduled_ = false;
        }
        for (auto& piece : work) piece();
        settle();
    }

    /// Lets every connection that has something to do do it.
    void settle() {
        settle_scheduled_ = false;
        settling_ = true;
        // Those that become ready meanwhile have their turn next time, after the sockets' own news.
        auto const now_ready = std::exchange(queue_, {});
        for (auto const& connection : now_ready) connection->pump();
        settling_ = false;
        if (!queue_.empty()) schedule_settle();
        if (draining_) check_drained();
    }

    void schedule_settle() {
        if (!std::exchange(settle_scheduled_, true)) asio::post(io_, [this] { settle(); });
    }

    void wait_accept() {
        acceptor_.async_wait(tcp::acceptor::wait_read, [this](error_code const& failed) {
            if (!failed) accept_some();
        });
    }

    void accept_some() {
        for (int turn = 0; turn < kAcceptsPerTurn; ++turn) {
            error_code failed;
            tcp::socket socket(io_);
            acceptor_.accept(socket, failed);
            if (failed == asio::error::no_descriptors || failed == asio::error::no_buffer_space ||
                failed == asio::error::no_memory)
                return pause_accept(failed);
            if (failed == asio::error::would_block) break;
            if (!failed) take(std::move(socket));
        }
        wait_accept();
    }

    void pause_accept(error_code const& why) {
        log_refusals(why.message());
        accept_timer_.expires_after(kAcceptPause);
        accept_timer_.async_wait([this](error_code const& failed) {
            if (!failed) wait_accept();
        });
    }

    void take(tcp::socket socket) {
        auto const now = Instant::clock::now();
        auto key = limit_key(socket);
        error_code ignored;
        socket.set_option(asio::socket_base::linger(true, 0), ignored);  // a refusal leaves nothing behind
        if (connections_.size() >= options_.connections_max) {
            counts_.too_many.add();
            return log_refusals("the hub has as many connections as it may");
        }
        auto const verdict = limit_.enter(key, now);
        if (verdict != AcceptLimit::Verdict::Take) {
            bool const fast = verdict == AcceptLimit::Verdict::TooFast;
            (fast ? counts_.too_fast : counts_.too_many).add();
            return log_refusals(fast ? "too fast from one address" : "too many from one address");
        }
        socket.set_option(asio::socket_base::linger(false, 0), ignored);
        socket.set_option(tcp::no_delay(true), ignored);
        socket.non_blocking(true, ignored);
        counts_.accepted.add();
        auto const id = ++last_id_;
        auto connection =
            std::make_shared<MqttConnection>(std::move(socket), identity_.state().context.native_handle(),
                                             *this, options_.session, id, std::move(key), now);
        connections_.emplace(id, connection);
        counts_.open.set(static_cast<std::int64_t>(connections_.size()));
        ready(std::move(connection));
    }

    /// One line for many: a flood must not fill the log.
    void log_refusals(std::string_view why) {
        ++refusals_;
        auto const now = Instant::clock::now();
        if (now < refusals_logged_ + kRefusalLogInterval) return;
        log_warning("mqtt connections refused", {{"why", why}, {"count", std::exchange(refusals_, 0)}});
        refusals_logged_ = now;
    }

    void begin_drain(milliseconds deadline) {
        error_code ignored;
        acceptor_.close(ignored);
        draining_ = true;
        drain_timer_.expires_after(deadline);
        drain_timer_.async_wait([this](error_code const& failed) {
            if (!failed) end_drain();
        });
        check_drained();
    }

    void check_drained() {
        if (work_bytes_ == 0 && !std::exchange(goodbyes_said_, true)) {
            for (auto const& [id, connection] : connections_) {
                connection->session().close("the hub stops");
                ready(connection);
            }
        }
        if (connections_.empty()) end_drain();
    }

    void end_drain() {
        if (std::exchange(drain_ended_, true)) return;
        drain_timer_.cancel();
        stop();
        drained_.set_value();
    }

    Options const options_;
    TlsIdentity const identity_;
    MqttHandler& handler_;
    Counts counts_;
    AcceptLimit limit_;
    std::uint16_t port_ = 0;

    asio::io_context io_{1};
    tcp::acceptor acceptor_;
    asio::steady_timer accept_timer_;
    asio::steady_timer wake_timer_;
    asio::steady_timer drain_timer_;
    std::unordered_map<ConnectionId, std::shared_ptr<MqttConnection>> connections_;
    ConnectionId last_id_ = 0;
    std::vector<std::shared_ptr<MqttConnection>> queue_;  // ready to be pumped
    bool settling_ = false;
    bool settle_scheduled_ = false;
    std::size_t work_bytes_ = 0;
    bool work_full_ = false;
    std::uint64_t refusals_ = 0;
    Instant refusals_logged_{};
    bool draining_ = false;
    bool goodbyes_said_ = false;
    bool drain_ended_ = false;
    std::promise<void> drained_;
    std::array<std::uint8_t, kTlsRecordBytesMax> scratch_{};

    std::mutex posted_mutex_;  // guards the next two
    std::vector<UniqueFunction<void()>> posted_;
    bool posted_scheduled_ = false;
    std::thread thread_;
};

}  // namespace

std::size_t work_bytes(wire::mqtt::Event const& event) {
    if (auto const* publish = std::get_if<wire::mqtt::Publish>(&event))
        return publish->topic.size() + publish->payload.size() + kWorkOverheadBytes;
    bool const subscribes = std::holds_alternative<wire::mqtt::Subscribe>(event) ||
                            std::holds_alternative<wire::mqtt::Unsubscribe>(event);
    return subscribes ? kWorkOverheadBytes : 0;
}

Result<std::unique_ptr<MqttServer>> MqttServer::start(Options options, TlsIdentity const& identity,
                                                      MqttHandler& handler, Metrics& metrics) {
    auto server = std::make_unique<Server>(std::move(options), identity, handler, metrics);
    TRY_STATUS(server->start());
    return server;
}

}  // namespace ounce::net
