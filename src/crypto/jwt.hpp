#pragma once

#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/result.hpp"

namespace ounce::crypto {

inline constexpr std::size_t kJwtBytesMax = 8 << 10;

/// A JSON Web Token (RFC 7519) signed with HMAC-SHA256 ("HS256"), for ourselves to read again: what clients
/// get who log in for an hour (azureml-v1.md section 2, OCI token authentication). `claims` is an object;
/// "exp" is set to `expiry`, in seconds. The claims are readable by whoever has the token: nothing secret
/// belongs there. Any thread.
std::string make_jwt(ByteView key, Json claims, Time expiry);

/// The claims of a token that `key` signed and whose "exp" is not over. No other algorithm than HS256 is
/// accepted, whatever the token says of itself. Errors: Unauthenticated, without the token.
Result<Json> verify_jwt(std::string_view token, ByteView key, Time now);

}  // namespace ounce::crypto
