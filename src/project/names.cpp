#include "project/names.hpp"

#include <algorithm>

#include "base/utf8.hpp"

namespace ounce::project {
namespace {

bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

/// U+0080 to U+009F and the separators U+2028 and U+2029: what breaks lines in some readers.
bool has_hidden_break(std::string_view text) {
    for (std::size_t i = 0; i + 1 < text.size(); ++i) {
        auto const first = static_cast<unsigned char>(text[i]);
        auto const second = static_cast<unsigned char>(text[i + 1]);
        if (first == 0xC2 && second < 0xA0) return true;
        if (first == 0xE2 && second == 0x80 && i + 2 < text.size()) {
            auto const third = static_cast<unsigned char>(text[i + 2]);
            if (third == 0xA8 || third == 0xA9) return true;
        }
    }
    return false;
}

}  // namespace

bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= kNameBytesMax && is_utf8(text) && text.front() != ' ' &&
           text.back() != ' ' && std::ranges::none_of(text, is_control) && !has_hidden_break(text);
}

bool is_description(std::string_view text) {
    return text.size() <= kTextBytesMax && is_utf8(text) && text.find('\0') == std::string_view::npos;
}

}  // namespace ounce::project
