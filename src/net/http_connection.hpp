#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <optional>

#include "base/clock.hpp"
#include "base/metrics.hpp"
#include "net/http_server.hpp"
#include "net/mailbox.hpp"

namespace ounce::net {

/// One caller of the HTTP server, from the TLS handshake to the end. All calls on the network thread.
class HttpConnection {
  public:
    virtual ~HttpConnection() = default;
    /// Serves until it ends, keeping itself alive, then calls HttpShared::left.
    virtual void start() = 0;
    /// Ends after the request that runs, if one does; at once if none does.
    virtual void drain() = 0;
    /// Ends at once.
    virtual void stop() = 0;
    /// Since when it is open without a request to work on; none while one runs or once it is stopped.
    [[nodiscard]] virtual std::optional<Instant> waiting_since() const = 0;
};

/// What connections share and need of their server; lives longer than they do.
struct HttpShared {
    HttpServer::Options options;
    HttpHandler& handler;
    boost::asio::io_context& io;
    boost::asio::thread_pool& disk;  // one thread, for files
    std::shared_ptr<Mailbox> mailbox;
    UniqueFunction<void(HttpConnection&)> left;  // a connection's last words
    std::uint64_t body_memory = 0;               // held by request bodies now
    bool draining = false;
    Counter& handshakes_failed;
    Counter& timeouts;
};

std::shared_ptr<HttpConnection> make_http_connection(HttpShared& shared, boost::asio::ip::tcp::socket socket,
                                                     boost::asio::ssl::context& tls);

}  // namespace ounce::net
