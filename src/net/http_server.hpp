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

/// An HTTP/1.1 server over TLS on one thread of its own: keep-alive, chunked request bodies, `Expect:
/// 100-continue`, HEAD, files sent without reading them whole (a second thread waits for the disk). Requests
/// of one connection are answered in order. Answers to slow readers wait without holding up anybody.
class HttpServer {
  public:
    struct Options {
        std::string address = "::";  // "::" also takes IPv4; "127.0.0.1", ...
        std::uint16_t port = 443;    // 0: one that is free
        std::filesystem::path spool_folder = {};
        std::size_t connections_max =
            4'000;  // beyond: the one longest without a request is closed, else refused
        std::size_t connections_per_address_max = 1'000;  // one caller cannot take all
        double accepts_per_second_per_address = 200;      // beyond: closed before the TLS handshake
        std::uint64_t body_memory_max = 512ull << 20;     // all request bodies in memory; beyond: 503
        std::chrono::milliseconds handshake_timeout{10'000};
        std::chrono::milliseconds head_timeout{20'000};   // from the first byte of a head to its end: 408
        std::chrono::milliseconds idle_timeout{120'000};  // between requests, and before the first
        /// For a body, either way, that does not move at all; a request's body must also come in this time
        /// and as long as 256 bytes a second would take.
        std::chrono::milliseconds stall_timeout{60'000};
    };

    /// Binds and starts. `handler` and `metrics` must outlive the server.
    /// Errors: PermissionDenied or Unavailable if the port cannot be bound, with what to do about it.
    static Result<std::unique_ptr<HttpServer>> start(Options options, TlsIdentity const& identity,
                                                     HttpHandler& handler, Metrics& metrics);

    virtual ~HttpServer() = default;  // closes everything at once
    [[nodiscard]] virtual std::uint16_t port() const = 0;
    /// Takes no new connections and closes idle ones; running requests have until `deadline` from now to end.
    /// Returns when all is closed. Any thread but the server's; once.
    virtual void drain(std::chrono::milliseconds deadline) = 0;
};

}  // namespace ounce::net
