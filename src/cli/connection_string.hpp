#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "crypto/secret.hpp"

namespace ounce::cli {

/// What names a hub and proves who asks: "HostName=hub.example[:8443];SharedAccessKeyName=service;
/// SharedAccessKey=..." (iothub-auth-mqtt-http.md section A1).
struct ConnectionString {
    std::string host;          // a name or an address, without port; an IPv6 address without its brackets
    std::uint16_t port = 443;  // of HTTPS
    std::string policy;
    crypto::Secret key;
};

/// Errors: InvalidArgument, saying which part is missing or wrong and never repeating the key.
Result<ConnectionString> parse_connection_string(std::string_view text);

/// "hub.example", or "[::1]:8443" where a URL needs brackets and port.
std::string authority(ConnectionString const& hub);

/// The same text again, with the key: a secret.
std::string to_text(ConnectionString const& hub);

}  // namespace ounce::cli
