#include "wire/url.hpp"

#include <algorithm>
#include <cstring>

#include "base/utf8.hpp"

namespace ounce::wire {

namespace {

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
