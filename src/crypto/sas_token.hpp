#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "crypto/sha256.hpp"

namespace ounce::crypto {

/// No token is longer; the vendors' are about 300 bytes.
inline constexpr std::size_t kSasTokenBytesMax = 4096;

/// A token counts as valid for this long after its expiry: the clocks of devices are a little off.
inline constexpr std::chrono::minutes kSasTokenGrace{5};

/// A shared access signature as it came in (iothub-auth-mqtt-http.md section A2). Parsed, not yet believed.
struct SasToken {
    std::string resource;     // `sr` exactly as written, percent-coded if it was: that is what was signed
    std::string expiry_text;  // `se` exactly as written, for the same reason
    Time expiry{};            // the same as a time, at most the year 9999
    std::string policy;       // `skn` decoded; empty: signed by the key of the device or module itself
    Sha256 signature{};
};

/// Reads `SharedAccessSignature sr=…&sig=…&se=…[&skn=…]`, its fields in any order; others are passed over.
/// Errors: Unauthenticated, saying what is missing or wrong without repeating it. Any thread.
Result<SasToken> parse_sas_token(std::string_view text);

/// Whether `key` (decoded from its base64) signed the token and its time is not over; compares in constant
/// time. Errors: Unauthenticated: "…not signed by this key" or "…expired", so that people know which.
Status verify(SasToken const& token, ByteView key, Time now);

/// Whether the token's resource, decoded, names one of `hosts` (in any case, any ":port" left out) and then
/// `path` or the beginning of it up to a whole segment: "hub.example/devices/a" covers "devices/a" and
/// "devices/a/modules/m", not "devices/ab" and not "devices". `path` is decoded; '/' at its ends do not
/// count.
bool covers(SasToken const& token, std::span<std::string const> hosts, std::string_view path);

/// Writes a token for `resource`, which is percent-coded first. `policy` may be empty.
std::string sign_sas_token(std::string_view resource, ByteView key, std::string_view policy, Time expiry);

}  // namespace ounce::crypto
