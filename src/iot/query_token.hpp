#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace ounce::iot {

/// A word of the query language (iothub-service-rest-amqp.md D6).
struct QueryToken {
    enum class Kind { Word, QuotedName, Text, Number, Sign, End };
    Kind kind = Kind::End;
    std::string text;  // of Text and QuotedName what is inside the quotes
    std::size_t place = 0;

    /// A sign, or a keyword in whatever case.
    [[nodiscard]] bool is(std::string_view word) const;
};

inline constexpr std::size_t kQueryBytesMax = 8 * 1024;

/// Splits a query; the last token is End. Errors: InvalidArgument with the place; ResourceExhausted if longer
/// than kQueryBytesMax. Pure.
Result<std::vector<QueryToken>> split_query(std::string_view text);

/// Whether both are the same but for the case of ASCII letters.
bool same_word(std::string_view a, std::string_view b);

}  // namespace ounce::iot
