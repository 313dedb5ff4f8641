#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "base/metrics.hpp"
#include "net/http.hpp"
#include "net/tls.hpp"

namespace ounce::net {

/// An HTTP/1.1 server over TLS on one thread of its own: keep-alive, chunked bodies both ways, `Expect:
/// 100-continue`, HEAD, files sent without reading them whole. Requests of one connection are answered in
/// order.
class HttpServer {
  public:
    struct Options {
        std::string address = "::";  // "::" also takes IPv4; "127.0.0.1", ...
        std::uint16_t port = 443;    // 0: one that is free
        std::filesystem::path spool_folder;
        std::size_t connections_max = 4'000;  // beyond: the oldest idle one is closed, else refused
        std::size_t connections_per_address_max = 1'000;  // one caller cannot take all
        double accepts_per_second_per_address = 200;      // beyond: closed before the TLS handshake
        std::chrono::seconds handshake_timeout{10};
        std::chrono::seconds head_timeout{20};  // from the first byte of a head (or the handshake) to its end
        std::chrono::seconds idle_timeout{120};  // between requests
        std::chrono::seconds stall_timeout{60};  // a body, either way, that does not move at all
    };

    /// Binds and starts. `handler` and `metrics` must outlive the server.
    /// Errors: PermissionDenied or Unavailable if the port cannot be bound, with what to do about it.
    static Result<std::unique_ptr<HttpServer>> start(Options options, TlsIdentity const& identity,
                                                     HttpHandler& handler, Metrics& metrics);

    virtual ~HttpServer() = default;  // closes everything at once
    [[nodiscard]] virtual std::uint16_t port() const = 0;
    /// Takes no new connections and closes idle ones; running requests have until `deadline` from now to end.
    /// Returns when all is closed. Any thread but the server's.
    virtual void drain(std::chrono::milliseconds deadline) = 0;
};

}  // namespace ounce::net
