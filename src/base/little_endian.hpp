#pragma once

#include <cstdint>

#include "base/bytes.hpp"

namespace ounce {

/// The whole number whose lowest byte comes first; of more than 8 bytes, the first 8.
inline std::uint64_t little_endian(ByteView bytes) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < bytes.size() && i < 8; ++i) value |= std::uint64_t{bytes[i]} << (8 * i);
    return value;
}

}  // namespace ounce
