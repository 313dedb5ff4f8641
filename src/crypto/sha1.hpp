#pragma once

#include <string>

#include "base/bytes.hpp"

namespace ounce::crypto {

/// SHA-1 as 40 lower-case hexadecimal digits: for formats that ask for it as a checksum, never to trust
/// something. Any thread.
std::string sha1_hex(ByteView content);

}  // namespace ounce::crypto
