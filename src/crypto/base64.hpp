#pragma once

#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace ounce::crypto {

/// RFC 4648 section 4, with padding. Any thread, like all of this file.
std::string to_base64(ByteView bytes);

/// Strict: whole groups of four, padding only at the end, no other characters, no set bits that fall away.
/// Each text so stands for one value and each value for one text.
/// Errors: InvalidArgument, without the text: it may be a key.
Result<Bytes> parse_base64(std::string_view text);

/// RFC 4648 section 5 ('-' and '_'), without padding: what JSON Web Tokens and our signed URLs use.
std::string to_base64url(ByteView bytes);
/// Strict as parse_base64; padding is refused.
Result<Bytes> parse_base64url(std::string_view text);

}  // namespace ounce::crypto
