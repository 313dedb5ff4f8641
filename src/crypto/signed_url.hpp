#pragma once

#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"

namespace ounce::crypto {

/// What the holder of a signed URL may do with it: GET and HEAD, or PUT as well.
enum class UrlAccess { Read, Write };

/// The query by which anyone may use `path` (decoded, as the server sees it) until `expiry` without another
/// credential: "se=1700000000&sp=r&sig=…". For clients that send no key there: blob uploads of the Azure ML
/// SDK, pictures in a browser. Such a URL is a secret: not for logs. `key` is the hub's signing key. Any
/// thread.
std::string sign_url(ByteView key, UrlAccess access, std::string_view path, Time expiry);

/// Whether `query` (as in the request, other parameters may stand around ours) allows `access` to `path` at
/// `now`. Errors: Unauthenticated.
Status verify_signed_url(ByteView key, UrlAccess access, std::string_view path, std::string_view query,
                         Time now);

}  // namespace ounce::crypto
