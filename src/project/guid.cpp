#include "project/guid.hpp"

#include <algorithm>

#include "crypto/secret.hpp"

namespace ounce::project {
namespace {

constexpr std::size_t kDigits = 32;

bool dash_before(std::size_t digit) {
    return digit == 8 || digit == 12 || digit == 16 || digit == 20;
}

std::string with_dashes(std::string_view digits) {
    std::string text;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        if (dash_before(i)) text += '-';
        text += digits[i];
    }
    return text;
}

}  // namespace

Guid Guid::random() {
    auto bytes = crypto::random_bytes(16);
    OUNCE_CHECK(bytes.has_value());  // a machine without randomness made no keys either
    (*bytes)[6] = static_cast<std::uint8_t>(((*bytes)[6] & 0x0F) | 0x40);
    (*bytes)[8] = static_cast<std::uint8_t>(((*bytes)[8] & 0x3F) | 0x80);
    return Guid(with_dashes(to_hex(*bytes)));
}

std::optional<Guid> Guid::parse(std::string_view text) {
    bool const dashed = text.size() == kDigits + 4;
    if (!dashed && text.size() != kDigits) return std::nullopt;
    std::string digits;
    for (char const c : text) {
        if (dashed && dash_before(digits.size()) && c == '-') continue;
        if (c >= '0' && c <= '9')
            digits += c;
        else if (c >= 'a' && c <= 'f')
            digits += c;
        else if (c >= 'A' && c <= 'F')
            digits += static_cast<char>(c - 'A' + 'a');
        else
            return std::nullopt;
    }
    // With dashes anywhere else there would be another number of digits.
    if (digits.size() != kDigits) return std::nullopt;
    return Guid(with_dashes(digits));
}

std::string Guid::digits() const {
    auto digits = text_;
    std::erase(digits, '-');
    return digits;
}

}  // namespace ounce::project
