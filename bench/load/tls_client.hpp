#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "base/bytes.hpp"
#include "base/descriptor.hpp"
#include "base/result.hpp"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX
struct ssl_st;      // and SSL

/// What the load generators are made of. Bare sockets and OpenSSL, nothing of the hub's own network code: a
/// fault of that must not hide in the tool that measures it. One thread.
namespace ounce::load {

/// A server to load, its address looked up once. Copies share the TLS settings.
class Target {
  public:
    /// `ca_pem`: who must have signed the server's certificate, which must be for `host`. TLS 1.2 and 1.3,
    /// each handshake a full one (no sessions are resumed).
    /// Errors: NotFound if the name has no address; InvalidArgument for a file that holds no certificates.
    static Result<Target> find(std::string host, std::uint16_t port, std::filesystem::path const& ca_pem);

    [[nodiscard]] std::string const& host() const { return host_; }

  private:
    friend class TlsClient;
    std::string host_;
    std::shared_ptr<ssl_ctx_st> context_;
    sockaddr_storage address_{};
    socklen_t address_bytes_ = 0;
};

/// One connection over TLS that never waits: bytes queue in `outgoing` and gather in `incoming`; `advance`
/// moves them whenever the socket is ready.
class TlsClient {
  public:
    /// Begins to connect. Errors: Unavailable; ResourceExhausted without free descriptors or ports.
    static Result<TlsClient> connect(Target const& target);

    /// Goes as far as it can: handshake, then writing, then reading until there is no more. To be called when
    /// the poller names this client, and after something was put into `outgoing`.
    /// Errors: Unavailable if the connection is over or never came to be; PermissionDenied if the server's
    /// certificate is not believed.
    Status advance();

    [[nodiscard]] bool established() const { return established_; }  // the handshake is over
    [[nodiscard]] int descriptor() const { return socket_.number(); }

    Bytes outgoing;  // appended to by the owner, emptied here
    Bytes incoming;  // appended to here, emptied by the owner

  private:
    TlsClient(Descriptor socket, std::shared_ptr<ssl_st> tls)
        : socket_(std::move(socket)), tls_(std::move(tls)) {}
    Result<bool> went_on(int result, char const* doing);
    Status flush();
    Status read();

    Descriptor socket_;
    std::shared_ptr<ssl_st> tls_;  // after the socket: says farewell before that is closed
    std::size_t flushed_ = 0;
    bool established_ = false;
};

/// To be called once before all else: as many connections as the system allows, and a server that goes away
/// is an error of its connection, not the end of the program (SIGPIPE).
void prepare_process();

}  // namespace ounce::load
