#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ounce::api {

/// The {names} of a pattern, which live as long as its text, and what stood in their place.
using Parameters = std::vector<std::pair<std::string_view, std::string>>;

/// The pattern of a route (route.hpp), ready to be compared. A value; any thread.
class PathPattern {
  public:
    /// `text` must outlive the pattern (routes hold literals). A pattern that is wrong (no '/' in front, an
    /// unclosed name, a name twice) is a broken program.
    explicit PathPattern(std::string_view text);

    /// Whether a path of these decoded segments matches. `parameters` is then filled, else left as it was.
    bool match(std::span<std::string const> segments, Parameters& parameters) const;

    /// Whether the pattern has a {name} or {name...} of that name.
    [[nodiscard]] bool names(std::string_view name) const;

    /// Whether this pattern is to be tried before `other`: at the first segment where they differ in kind, a
    /// literal goes before a name, a name before a name of several segments, and more segments before fewer.
    [[nodiscard]] bool before(PathPattern const& other) const;
    /// Whether both match the same paths.
    [[nodiscard]] bool same_as(PathPattern const& other) const;

    [[nodiscard]] std::string_view text() const { return text_; }

  private:
    enum class Kind { Literal, Name, Rest };
    struct Segment {
        Kind kind = Kind::Literal;
        std::string_view text;  // without braces and dots
    };
    [[nodiscard]] bool match_from(std::size_t at, std::span<std::string const> segments,
                                  std::vector<std::pair<std::size_t, std::size_t>>& ranges) const;

    std::string_view text_;
    std::vector<Segment> segments_;
};

}  // namespace ounce::api
