#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/bytes.hpp"

namespace ounce::crypto {

using Sha256 = std::array<std::uint8_t, 32>;

/// FIPS 180-4. Any thread.
Sha256 sha256(ByteView content);

/// The same as 64 lower-case hexadecimal digits.
std::string sha256_hex(ByteView content);

}  // namespace ounce::crypto
