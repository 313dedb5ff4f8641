#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/percent.hpp"
#include "base/result.hpp"

namespace ounce::wire {

/// Paths and query strings (RFC 3986), on percent coding in base. All functions are pure; any thread.

/// The two halves of an HTTP request target, still encoded, views into it: "/a%20b?x=1" -> "/a%20b", "x=1".
struct Target {
    std::string_view path;
    std::string_view query;  // without '?'; empty if there is none
};
Target split_target(std::string_view target);

inline constexpr std::size_t kPathBytesMax = 8 * 1024;
inline constexpr std::size_t kPathSegmentsMax = 64;

/// The decoded segments of an absolute path: "/a/b%2Fc" -> {"a", "b/c"}. Segments are split before they are
/// decoded, so an escaped slash belongs to its segment. Empty segments stay: "/a//b/" has four, "/" has one.
/// Errors: InvalidArgument for a path without leading '/', a broken escape, text that is not UTF-8, NUL, and
/// segments that are "." or ".." once decoded; ResourceExhausted beyond the bounds above.
Result<std::vector<std::string>> split_path(std::string_view path);

/// What '+' means in a query string: a space in what HTML forms send, itself in property bags and SAS tokens.
enum class Plus { IsSpace, IsPlus };

/// A parsed query string: keys and values decoded, in the order they were sent, keys may repeat.
class Query {
  public:
    static constexpr std::size_t kBytesMax = 32 * 1024;
    static constexpr std::size_t kPairsMax = 1024;

    struct Pair {
        std::string key;
        std::optional<std::string> value;  // absent for "key", empty for "key="
    };

    Query() = default;

    /// Parses `text` without its '?'. Empty pieces ("a=1&&b=2") are passed over.
    /// Errors: InvalidArgument for broken escapes or text that is not UTF-8; ResourceExhausted beyond bounds.
    static Result<Query> parse(std::string_view text, Plus plus);

    /// True if the key was sent, with or without a value.
    [[nodiscard]] bool has(std::string_view key) const;
    /// The first value of `key`; "" if it was sent without one. Borrowed from this object.
    [[nodiscard]] std::optional<std::string_view> find(std::string_view key) const;
    /// The values of `key` in order. Borrowed from this object.
    [[nodiscard]] std::vector<std::string_view> all(std::string_view key) const;
    [[nodiscard]] std::vector<Pair> const& pairs() const { return pairs_; }

  private:
    std::vector<Pair> pairs_;
};

}  // namespace ounce::wire
