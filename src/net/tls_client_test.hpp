#pragma once

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace ounce::net {

/// A caller that says exactly what a test wants, well-formed or not, and reads what comes. Blocking, with a
/// deadline of 20 s on every read.
class TlsClient {
  public:
    /// Connects from `from` (an address of this machine), and shakes hands unless told not to.
    explicit TlsClient(std::uint16_t port, bool handshake = true, char const* from = "127.0.0.1");
    TlsClient(TlsClient const&) = delete;
    ~TlsClient();

    bool handshake();
    bool send(std::string_view text);
    /// Bytes as they are on the wire, without TLS.
    bool send_raw(std::string_view text) const;
    /// Reads until `mark` is there (included), or the end.
    std::string read_until(std::string_view mark);
    /// Reads a head and as much body as its Content-Length says; "" at the end of the connection.
    std::string read_response(bool with_body = true);
    /// Reads on until the other side ends.
    std::string read_all();
    /// Says in TLS and TCP that nothing more will be sent.
    void finish_sending();
    [[nodiscard]] bool connected() const { return socket_ >= 0; }

  private:
    struct ContextGone {
        void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
        void operator()(SSL* ssl) const { SSL_free(ssl); }
    };
    bool fill();

    std::unique_ptr<SSL_CTX, ContextGone> context_;
    std::unique_ptr<SSL, ContextGone> ssl_;
    int socket_ = -1;
    std::string kept_;  // read and not yet given out
};

}  // namespace ounce::net
