#include "api/path_pattern.hpp"

#include <algorithm>

#include "base/result.hpp"
#include "net/http.hpp"

namespace ounce::api {

PathPattern::PathPattern(std::string_view text) : text_(text) {
    OUNCE_CHECK(text.starts_with('/'));
    text.remove_prefix(1);
    while (!text.empty()) {
        auto piece = text.substr(0, text.find('/'));
        text.remove_prefix(std::min(text.size(), piece.size() + 1));
        if (piece.empty()) continue;
        Segment segment;
        if (piece.starts_with('{')) {
            OUNCE_CHECK(piece.ends_with('}') && piece.size() > 2);
            piece = piece.substr(1, piece.size() - 2);
            segment.kind = piece.ends_with("...") ? Kind::Rest : Kind::Name;
            if (segment.kind == Kind::Rest) piece.remove_suffix(3);
            OUNCE_CHECK(!piece.empty() && !names(piece));
        }
        segment.text = piece;
        segments_.push_back(segment);
    }
}

/// `ranges` gets, for each segment of the pattern, where its part of the path begins and ends.
bool PathPattern::match_from(std::size_t at, std::span<std::string const> path,
                             std::vector<std::pair<std::size_t, std::size_t>>& ranges) const {
    auto const begin = ranges.empty() ? 0 : ranges.back().second;
    if (at == segments_.size()) return begin == path.size();
    // Every segment of the pattern needs one of the path at least, so a Rest leaves enough for those after
    // it.
    auto const needed = segments_.size() - at;
    if (path.size() - begin < needed) return false;
    auto const& segment = segments_[at];
    if (segment.kind == Kind::Literal && !net::same_name(segment.text, path[begin])) return false;
    auto const longest = segment.kind == Kind::Rest ? path.size() - begin - needed + 1 : 1;
    for (auto length = longest; length > 0; --length) {
        ranges.emplace_back(begin, begin + length);
        if (match_from(at + 1, path, ranges)) return true;
        ranges.pop_back();
    }
    return false;
}

bool PathPattern::match(std::span<std::string const> path, Parameters& parameters) const {
    std::vector<std::pair<std::size_t, std::size_t>> ranges;
    if (!match_from(0, path, ranges)) return false;
    parameters.clear();
    for (std::size_t i = 0; i < segments_.size(); ++i) {
        if (segments_[i].kind == Kind::Literal) continue;
        auto const [begin, end] = ranges[i];
        std::string value = path[begin];
        for (auto k = begin + 1; k < end; ++k) value += "/" + path[k];
        parameters.emplace_back(segments_[i].text, std::move(value));
    }
    return true;
}

bool PathPattern::names(std::string_view name) const {
    return std::ranges::any_of(segments_, [name](auto const& segment) {
        return segment.kind != Kind::Literal && segment.text == name;
    });
}

bool PathPattern::before(PathPattern const& other) const {
    auto const [mine, theirs] =
        std::ranges::mismatch(segments_, other.segments_, {}, &Segment::kind, &Segment::kind);
    if (mine != segments_.end() && theirs != other.segments_.end()) return mine->kind < theirs->kind;
    return segments_.size() > other.segments_.size();
}

bool PathPattern::same_as(PathPattern const& other) const {
    return std::ranges::equal(segments_, other.segments_, [](Segment const& a, Segment const& b) {
        return a.kind == b.kind && (a.kind != Kind::Literal || net::same_name(a.text, b.text));
    });
}

}  // namespace ounce::api
