#include "iot/query_token.hpp"

#include <algorithm>
#include <array>

namespace ounce::iot {
namespace {

// Longer ones first.
constexpr std::array<std::string_view, 17> kSigns = {"<=", ">=", "<>", "!=", "=", "<", ">", "+", "-",
                                                     "*",  "/",  "%",  "(",  ")", "[", "]", ","};

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_word_begin(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}
bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

tl::unexpected<Error> wrong(std::size_t place, std::string_view what) {
    return fail_as(Code::InvalidArgument, "ArgumentInvalid", "the query at character {}: {}", place + 1,
                   what);
}

}  // namespace

bool same_word(std::string_view a, std::string_view b) {
    auto const lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [&](char left, char right) { return lower(left) == lower(right); });
}

bool QueryToken::is(std::string_view word) const {
    return (kind == Kind::Word || kind == Kind::Sign) && same_word(text, word);
}

Result<std::vector<QueryToken>> split_query(std::string_view text) {
    using Kind = QueryToken::Kind;
    if (text.size() > kQueryBytesMax)
        return fail(Code::ResourceExhausted, "a query has at most {} bytes", kQueryBytesMax);
    std::vector<QueryToken> tokens;
    std::size_t at = 0;
    auto const take = [&](Kind kind, std::size_t bytes) {
        tokens.push_back({kind, std::string(text.substr(at, bytes)), at});
        at += bytes;
    };
    while (true) {
        while (at < text.size() && is_space(text[at])) ++at;
        if (at == text.size()) break;
        auto const rest = text.substr(at);
        if (rest[0] == '\'' || rest[0] == '"') {
            // A quote inside is written twice.
            QueryToken token{Kind::Text, "", at};
            auto const quote = rest[0];
            for (++at;; ++at) {
                if (at >= text.size()) return wrong(token.place, "this text has no end");
                if (text[at] != quote) {
                    token.text += text[at];
                } else if (at + 1 < text.size() && text[at + 1] == quote) {
                    token.text += text[at++];
                } else {
                    break;
                }
            }
            ++at;
            tokens.push_back(std::move(token));
        } else if (rest.starts_with("[[")) {
            auto const end = rest.find("]]");
            if (end == std::string_view::npos) return wrong(at, "this name has no ']]'");
            tokens.push_back({Kind::QuotedName, std::string(rest.substr(2, end - 2)), at});
            at += end + 2;
        } else if (is_digit(rest[0])) {
            std::size_t size = 1;
            while (size < rest.size()) {
                bool const exponent_sign = (rest[size] == '+' || rest[size] == '-') &&
                                           (rest[size - 1] == 'e' || rest[size - 1] == 'E');
                if (!is_digit(rest[size]) && rest[size] != '.' && rest[size] != 'e' && rest[size] != 'E' &&
                    !exponent_sign)
                    break;
                ++size;
            }
            take(Kind::Number, size);
        } else if (is_word_begin(rest[0])) {
            std::size_t size = 1;
            while (size < rest.size() && (is_word_begin(rest[size]) || is_digit(rest[size]))) ++size;
            take(Kind::Word, size);
        } else if (rest[0] == '.') {
            take(Kind::Sign, 1);
        } else {
            auto const* const sign =
                std::ranges::find_if(kSigns, [&](std::string_view known) { return rest.starts_with(known); });
            if (sign == kSigns.end()) return wrong(at, "this character means nothing here");
            take(Kind::Sign, sign->size());
        }
    }
    tokens.push_back({Kind::End, "", text.size()});
    return tokens;
}

}  // namespace ounce::iot
