#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/file.hpp"
#include "crypto/certificate.hpp"
#include "net/tls.hpp"

namespace ounce::net {

/// A certificate authority of a test and a server's identity for localhost, as files.
class TlsFixture {
  public:
    TlsFixture() : folder_(TemporaryFolder::create().value()) {
        auto const authority = crypto::make_authority("Test", system_clock().now()).value();
        std::vector<std::string> const hosts{"localhost", "127.0.0.1", "127.0.0.2", "::1"};
        auto const server = crypto::make_server_certificate(authority, hosts, system_clock().now()).value();
        EXPECT_TRUE(write_file(ca_pem(), as_bytes(authority.certificate_pem)));
        EXPECT_TRUE(write_file(server_pem(), as_bytes(server.certificate_pem + authority.certificate_pem)));
        EXPECT_TRUE(write_file(server_key(), as_bytes(server.private_key_pem)));
    }

    [[nodiscard]] std::filesystem::path folder() const { return folder_.path(); }
    [[nodiscard]] std::filesystem::path ca_pem() const { return folder() / "ca.pem"; }
    [[nodiscard]] std::filesystem::path server_pem() const { return folder() / "server.pem"; }
    [[nodiscard]] std::filesystem::path server_key() const { return folder() / "server.key"; }
    [[nodiscard]] TlsIdentity identity() const {
        return TlsIdentity::load(server_pem(), server_key()).value();
    }

  private:
    TemporaryFolder folder_;
};

}  // namespace ounce::net
