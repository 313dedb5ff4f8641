#include "base/percent.hpp"

namespace ounce {
namespace {

int hex_value(char letter) {
    if (letter >= '0' && letter <= '9') return letter - '0';
    if (letter >= 'a' && letter <= 'f') return letter - 'a' + 10;
    if (letter >= 'A' && letter <= 'F') return letter - 'A' + 10;
    return -1;
}

bool is_letter_or_digit(char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9');
}

std::string encode(std::string_view text, std::string_view kept) {
    static constexpr char digits[] = "0123456789ABCDEF";
    std::string out;
    out.reserve(text.size());
    for (char const letter : text) {
        if (is_letter_or_digit(letter) || kept.find(letter) != std::string_view::npos) {
            out += letter;
            continue;
        }
        auto const byte = static_cast<unsigned char>(letter);
        out += '%';
        out += digits[byte >> 4U];
        out += digits[byte & 15U];
    }
    return out;
}

}  // namespace

Result<std::string> percent_decode(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '%') {
            out += text[at];
            continue;
        }
        int const high = at + 2 < text.size() ? hex_value(text[at + 1]) : -1;
        int const low = at + 2 < text.size() ? hex_value(text[at + 2]) : -1;
        if (high < 0 || low < 0)
            return fail(Code::InvalidArgument, "'%' at byte {} is not followed by two hexadecimal digits",
                        at);
        out += static_cast<char>(high * 16 + low);
        at += 2;
    }
    return out;
}

std::string percent_encode(std::string_view text) {
    return encode(text, "-._~");
}

std::string encode_uri_component(std::string_view text) {
    return encode(text, "-._~!*'()");
}

}  // namespace ounce
