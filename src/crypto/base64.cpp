#include "crypto/base64.hpp"

#include <array>

namespace ounce::crypto {
namespace {

constexpr std::string_view kStandard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrl = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint8_t kNone = 0xff;

using Digits = std::array<std::uint8_t, 256>;

constexpr Digits digits_of(std::string_view alphabet) {
    Digits digits{};
    digits.fill(kNone);
    for (std::size_t i = 0; i < alphabet.size(); ++i)
        digits[static_cast<std::uint8_t>(alphabet[i])] = static_cast<std::uint8_t>(i);
    return digits;
}
constexpr Digits kStandardDigits = digits_of(kStandard);
constexpr Digits kUrlDigits = digits_of(kUrl);

/// Without padding.
std::string encode(ByteView bytes, std::string_view alphabet) {
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    std::uint32_t bits = 0;
    int count = 0;
    for (auto const byte : bytes) {
        bits = bits << 8 | byte;
        for (count += 8; count >= 6; count -= 6) text += alphabet[bits >> (count - 6) & 0x3f];
    }
    if (count > 0) text += alphabet[bits << (6 - count) & 0x3f];
    return text;
}

/// Without padding.
Result<Bytes> decode(std::string_view text, Digits const& digits) {
    auto const wrong = [] { return fail(Code::InvalidArgument, "not base64"); };
    if (text.size() % 4 == 1) return wrong();
    Bytes bytes;
    bytes.reserve(text.size() * 3 / 4);
    std::uint32_t bits = 0;
    int count = 0;
    for (auto const character : text) {
        auto const digit = digits[static_cast<std::uint8_t>(character)];
        if (digit == kNone) return wrong();
        bits = (bits << 6 | digit) & 0xffff;
        count += 6;
        if (count >= 8) {
            count -= 8;
            bytes.push_back(static_cast<std::uint8_t>(bits >> count));
        }
    }
    if ((bits & ((1U << count) - 1)) != 0) return wrong();
    return bytes;
}

}  // namespace

std::string to_base64(ByteView bytes) {
    auto text = encode(bytes, kStandard);
    text.append((4 - text.size() % 4) % 4, '=');
    return text;
}

Result<Bytes> parse_base64(std::string_view text) {
    if (text.size() % 4 != 0) return fail(Code::InvalidArgument, "not base64");
    if (text.ends_with("==")) {
        text.remove_suffix(2);
    } else if (text.ends_with('=')) {
        text.remove_suffix(1);
    }
    return decode(text, kStandardDigits);
}

std::string to_base64url(ByteView bytes) {
    return encode(bytes, kUrl);
}

Result<Bytes> parse_base64url(std::string_view text) {
    return decode(text, kUrlDigits);
}

}  // namespace ounce::crypto
