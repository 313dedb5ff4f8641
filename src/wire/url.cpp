#include "wire/url.hpp"

#include <algorithm>
#include <cstring>

#include "base/utf8.hpp"

namespace ounce::wire {

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

Result<std::string> decode_text(std::string_view encoded, Plus plus) {
    std::string spaced;
    if (plus == Plus::IsSpace && encoded.find('+') != std::string_view::npos) {
        spaced = encoded;
        std::replace(spaced.begin(), spaced.end(), '+', ' ');
        encoded = spaced;
    }
    TRY(auto text, percent_decode(encoded));
    if (!is_utf8(text)) return fail(Code::InvalidArgument, "the URL is not UTF-8 once decoded");
    if (text.find('\0') != std::string::npos) return fail(Code::InvalidArgument, "the URL holds a NUL");
    return text;
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

Target split_target(std::string_view target) {
    auto const mark = target.find('?');
    if (mark == std::string_view::npos) return {target, {}};
    return {target.substr(0, mark), target.substr(mark + 1)};
}

Result<std::vector<std::string>> split_path(std::string_view path) {
    if (path.empty() || path.front() != '/')
        return fail(Code::InvalidArgument, "the path does not begin with '/'");
    if (path.size() > kPathBytesMax)
        return fail(Code::ResourceExhausted, "the path has more than {} bytes", kPathBytesMax);
    auto const count = static_cast<std::size_t>(std::count(path.begin(), path.end(), '/'));
    if (count > kPathSegmentsMax)
        return fail(Code::ResourceExhausted, "the path has more than {} segments", kPathSegmentsMax);

    std::vector<std::string> segments;
    segments.reserve(count);
    for (std::size_t begin = 1; begin <= path.size();) {
        auto const end = std::min(path.find('/', begin), path.size());
        TRY(auto segment, decode_text(path.substr(begin, end - begin), Plus::IsPlus));
        if (segment == "." || segment == "..")
            return fail(Code::InvalidArgument, "'.' and '..' have no place in a path here");
        segments.push_back(std::move(segment));
        begin = end + 1;
    }
    return segments;
}

Result<Query> Query::parse(std::string_view text, Plus plus) {
    if (text.size() > kBytesMax)
        return fail(Code::ResourceExhausted, "the query has more than {} bytes", kBytesMax);
    Query query;
    while (!text.empty()) {
        auto const end = std::min(text.find('&'), text.size());
        auto const piece = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (piece.empty()) continue;
        if (query.pairs_.size() == kPairsMax)
            return fail(Code::ResourceExhausted, "the query has more than {} values", kPairsMax);
        auto const equals = piece.find('=');
        Pair pair;
        TRY(pair.key, decode_text(piece.substr(0, equals), plus));
        if (equals != std::string_view::npos) {
            TRY(pair.value, decode_text(piece.substr(equals + 1), plus));
        }
        query.pairs_.push_back(std::move(pair));
    }
    return query;
}

bool Query::has(std::string_view key) const {
    return std::any_of(pairs_.begin(), pairs_.end(), [&](Pair const& pair) { return pair.key == key; });
}

std::optional<std::string_view> Query::find(std::string_view key) const {
    for (auto const& pair : pairs_)
        if (pair.key == key) return pair.value ? std::string_view(*pair.value) : std::string_view();
    return std::nullopt;
}

std::vector<std::string_view> Query::all(std::string_view key) const {
    std::vector<std::string_view> values;
    for (auto const& pair : pairs_)
        if (pair.key == key)
            values.emplace_back(pair.value ? std::string_view(*pair.value) : std::string_view());
    return values;
}

}  // namespace ounce::wire
