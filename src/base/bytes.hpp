#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ounce {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<std::uint8_t const>;  // borrowed: valid while its owner is

inline ByteView as_bytes(std::string_view text) {
    return {reinterpret_cast<std::uint8_t const*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteView bytes) {
    return {reinterpret_cast<char const*>(bytes.data()), bytes.size()};
}

/// Lower-case hexadecimal.
std::string to_hex(ByteView bytes);

/// Whether `text` is what to_hex() writes for so many digits.
bool is_hex(std::string_view text, std::size_t digits);

}  // namespace ounce
