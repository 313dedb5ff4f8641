#pragma once

#include "base/bytes.hpp"
#include "crypto/sha256.hpp"

namespace ounce::crypto {

/// HMAC with SHA-256 (RFC 2104). Any key length, also none. Any thread.
/// Compare what it gives by `equal_in_constant_time` (crypto/secret.hpp) only.
Sha256 hmac_sha256(ByteView key, ByteView text);

}  // namespace ounce::crypto
