#include "net/http_server.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <thread>
#include <unordered_map>

#include "base/log.hpp"
#include "net/accept_limit.hpp"
#include "net/http_connection.hpp"
#include "net/listen.hpp"
#include "net/tls_context.hpp"

namespace ounce::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

/// Wait after accepting failed for want of file descriptors or memory.
constexpr std::chrono::milliseconds kBreather{100};

class Server final : public HttpServer {
  public:
    Server(Options options, TlsIdentity identity, HttpHandler& handler, Metrics& metrics)
        : identity_(std::move(identity)),
          limit_({.open_max = options.connections_per_address_max,
                  .per_second = options.accepts_per_second_per_address}),
          shared_{
              .options = std::move(options),
              .handler = handler,
              .io = io_,
              .disk = disk_,
              .mailbox = std::make_shared<Mailbox>(io_),
              .left = [this](HttpConnection& connection) { left(connection); },
              .handshakes_failed = metrics.counter("http_handshakes_failed", "TLS handshakes that failed"),
              .timeouts = metrics.counter("http_timeouts", "HTTP waits that ran into their deadline")},
          open_(metrics.gauge("http_connections", "HTTP connections open now")),
          accepted_(metrics.counter("http_connections_accepted", "HTTP connections taken")),
          too_fast_(refused(metrics, "rate")),
          too_many_(refused(metrics, "address")),
          full_(refused(metrics, "full")) {}

    // NOLINTNEXTLINE(bugprone-exception-escape): a thread that cannot be joined may end the program
    ~Server() override {
        shared_.mailbox->post([this] { stop(); });
        if (thread_.joinable()) thread_.join();
        shared_.mailbox->close();
        disk_.join();
    }

    Status bind() {
        TRY(auto acceptor,
            listen(io_, shared_.options.address, shared_.options.port, "listen.https_port in hub.toml"));
        port_ = acceptor.local_endpoint().port();
        acceptor_ = std::move(acceptor);
        asio::co_spawn(io_, accept(), asio::detached);
        thread_ = std::thread([this] { io_.run(); });
        return {};
    }

    [[nodiscard]] std::uint16_t port() const override { return port_; }
    void drain(std::chrono::milliseconds deadline) override;

  private:
    static Counter& refused(Metrics& metrics, std::string_view reason) {
        return metrics.counter("http_connections_refused", "HTTP connections closed before the handshake",
                               fmt::format("reason=\"{}\"", reason));
    }

    asio::awaitable<void> accept();
    void take(tcp::socket socket);
    bool make_room();
    void left(HttpConnection& connection);
    void stop_accepting();
    void stop();
    void let_go_if_done();

    TlsIdentity identity_;
    AcceptLimit limit_;
    asio::io_context io_{1};
    asio::thread_pool disk_{1};
    asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(io_);
    asio::steady_timer breather_{io_};
    asio::steady_timer drain_deadline_{io_};
    tcp::acceptor acceptor_{io_};
    HttpShared shared_;
    std::uint16_t port_ = 0;
    std::unordered_map<HttpConnection*, std::string> connections_;  // and the callers they count for
    Gauge& open_;
    Counter& accepted_;
    Counter& too_fast_;
    Counter& too_many_;
    Counter& full_;
    std::thread thread_;
};

asio::awaitable<void> Server::accept() {
    while (acceptor_.is_open()) {
        tcp::socket socket(io_);
        error_code failed;
        co_await acceptor_.async_accept(socket, asio::redirect_error(asio::use_awaitable, failed));
        if (!acceptor_.is_open()) break;
        if (!failed) {
            take(std::move(socket));
        } else if (failed != asio::error::connection_aborted) {
            log_warning("http accept failed", {{"reason", failed.message()}});
            breather_.expires_after(kBreather);
            co_await breather_.async_wait(asio::redirect_error(asio::use_awaitable, failed));
        }
    }
}

void Server::take(tcp::socket socket) {
    auto const caller = limit_key(socket);
    auto const verdict = limit_.enter(caller, std::chrono::steady_clock::now());
    if (verdict == AcceptLimit::Verdict::Take && make_room()) {
        accepted_.add();
        open_.add(1);
        auto const connection = make_http_connection(shared_, std::move(socket), identity_.state().context);
        connections_.emplace(connection.get(), caller);
        connection->start();
        return;
    }
    if (verdict == AcceptLimit::Verdict::Take) limit_.leave(caller);
    (verdict == AcceptLimit::Verdict::TooFast   ? too_fast_
     : verdict == AcceptLimit::Verdict::TooMany ? too_many_
                                                : full_)
        .add();
    error_code ignored;
    socket.set_option(asio::socket_base::linger(true, 0), ignored);  // no TIME_WAIT for every one of a flood
    socket.close(ignored);
}

/// Whether there is room for one more, after the one longest without a request had to go if need be.
bool Server::make_room() {
    if (connections_.size() < shared_.options.connections_max) return true;
    HttpConnection* oldest = nullptr;
    for (auto const& [connection, caller] : connections_) {
        auto const since = connection->waiting_since();
        if (since && (oldest == nullptr || *since < *oldest->waiting_since())) oldest = connection;
    }
    if (oldest == nullptr) return false;
    oldest->stop();
    return true;
}

void Server::left(HttpConnection& connection) {
    auto const entry = connections_.find(&connection);
    limit_.leave(entry->second);
    connections_.erase(entry);
    open_.add(-1);
    let_go_if_done();
}

void Server::stop_accepting() {
    shared_.draining = true;
    error_code ignored;
    acceptor_.close(ignored);
    breather_.cancel();
}

void Server::stop() {
    stop_accepting();
    for (auto const& [connection, caller] : connections_) connection->stop();
    let_go_if_done();
}

/// Lets the network thread end once nobody is left; then drain() and the destructor return.
void Server::let_go_if_done() {
    if (!shared_.draining || !connections_.empty()) return;
    drain_deadline_.cancel();
    work_.reset();
}

void Server::drain(std::chrono::milliseconds deadline) {
    shared_.mailbox->post([this, deadline] {
        stop_accepting();
        for (auto const& [connection, caller] : connections_) connection->drain();
        drain_deadline_.expires_after(deadline);
        drain_deadline_.async_wait([this](error_code const& cancelled) {
            if (!cancelled) stop();
        });
        let_go_if_done();
    });
    if (thread_.joinable()) thread_.join();
}

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::start(Options options, TlsIdentity const& identity,
                                                      HttpHandler& handler, Metrics& metrics) {
    auto server = std::make_unique<Server>(std::move(options), identity, handler, metrics);
    TRY_STATUS(server->bind());
    return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace ounce::net
