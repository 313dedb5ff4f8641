#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "base/result.hpp"
#include "crypto/keyring.hpp"
#include "hub/config.hpp"
#include "hub/data_folder.hpp"

namespace ounce::hub {

/// A hub that serves: the domains with their databases, the routes over them, and the servers for HTTPS and
/// MQTT. Made in that order, stopped in the opposite one.
class Server {
  public:
    struct Ports {
        std::uint16_t https = 0;
        std::uint16_t mqtt = 0;
    };

    /// Returns when it takes connections. The folder's keys are there and its lock is taken; `clock` is
    /// borrowed. Errors: as store::Ledger::open, net::TlsIdentity::load and the servers' start.
    static Result<std::unique_ptr<Server>> start(DataFolder const& data, Config const& config,
                                                 crypto::Keyring keyring, Clock const& clock);
    Server(Server const&) = delete;
    Server& operator=(Server const&) = delete;
    ~Server();

    [[nodiscard]] Ports ports() const;

    /// Shows the server's certificate that lies in the folder now, from the next handshake on. Any thread.
    /// Errors: as net::TlsIdentity::reload.
    Status reload_certificate(DataFolder const& data);

    /// Takes nothing new; what is under way has until `deadline` from now to end. Then all connections are
    /// closed.
    void drain(std::chrono::milliseconds deadline);

    struct Parts;  // all of it, for server.cpp

  private:
    explicit Server(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace ounce::hub
