#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace ounce::crypto {

/// A certificate and the private key that belongs to it, both PEM; the key (PKCS#8, ECDSA P-256) is a secret.
struct CertifiedKey {
    std::string certificate_pem;
    std::string private_key_pem;
};

inline constexpr std::chrono::days kAuthorityLifetime{20 * 365};
inline constexpr std::chrono::days kServerLifetime{397};  // browsers refuse certificates of more
inline constexpr std::size_t kHostsMax = 100;             // that one certificate is for
/// Certificates begin this long before they are made: the clocks of clients are a little off.
inline constexpr std::chrono::days kCertificateLead{1};

/// A certificate authority that signs certificates but no further authorities. Any thread, like all of this
/// file. Errors: Internal if the system gives no randomness.
Result<CertifiedKey> make_authority(std::string_view name, Time now);

/// A DNS name (letters, digits, '-', '_' and dots) in lower case, or an IP address in its usual spelling:
/// what a certificate may name. Errors: InvalidArgument.
Result<std::string> parse_host(std::string_view text);

/// A certificate for a TLS server of `hosts` (names and IP addresses, 1 to kHostsMax), signed by `authority`.
/// Errors: InvalidArgument naming a host that is none, or if `authority` is not a key with its certificate.
Result<CertifiedKey> make_server_certificate(CertifiedKey const& authority,
                                             std::span<std::string const> hosts, Time now);

/// Whether certificate and key are readable and belong together.
bool is_pair(CertifiedKey const& certified);

struct CertificateFacts {
    Time expires{};
    std::vector<std::string> hosts;  // the names and addresses it is for, as parse_host gives them
    std::string sha256_hex;  // of the certificate as DER: what `openssl x509 -fingerprint -sha256` shows
};

/// Looks into the first certificate of `pem`, without judging it. Errors: InvalidArgument.
Result<CertificateFacts> parse_certificate(std::string_view pem);

}  // namespace ounce::crypto
