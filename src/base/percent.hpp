#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace ounce {

// Percent coding (RFC 3986). All functions are pure; any thread.

/// "%41" -> "A". Strict: '%' needs two hexadecimal digits after it. '+' stays '+'. The result may hold any
/// byte: wire/url.hpp has checked text.
/// Errors: InvalidArgument for a broken escape.
Result<std::string> percent_decode(std::string_view text);

/// Escapes all but letters, digits and "-._~" (RFC 3986 "unreserved"); upper-case hexadecimal.
std::string percent_encode(std::string_view text);

/// What JavaScript's encodeURIComponent() writes: as percent_encode(), but "!*'()" stay as well.
std::string encode_uri_component(std::string_view text);

}  // namespace ounce
