#pragma once

#include <filesystem>
#include <memory>

#include "base/result.hpp"

namespace ounce::net {

/// A server's certificate chain and key, as files in PEM, ready for TLS 1.2 and 1.3. Shared by the servers of
/// a process; any thread.
class TlsIdentity {
  public:
    /// Errors: NotFound, PermissionDenied; InvalidArgument if the files are no certificate and key, or do not
    /// belong together.
    static Result<TlsIdentity> load(std::filesystem::path const& certificate_pem,
                                    std::filesystem::path const& key_pem);

    /// Reads the files again: handshakes from now on show what is in them, connections that are open stay.
    /// For a certificate that was renewed while the hub serves. Errors: as load; then the old one stays.
    Status reload(std::filesystem::path const& certificate_pem, std::filesystem::path const& key_pem) const;

    struct State;
    [[nodiscard]] State& state() const { return *state_; }  // for the files of net

  private:
    explicit TlsIdentity(std::shared_ptr<State> state) : state_(std::move(state)) {}
    std::shared_ptr<State> state_;
};

}  // namespace ounce::net
