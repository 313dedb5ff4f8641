#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "iot/identity.hpp"

namespace ounce::iot {

/// How far a query is: the last twin of which a row was given, and how many rows were. As text, opaque to
/// clients, for them to give back (iothub-service-rest-amqp.md D6, continuation).
struct QueryPlace {
    Name after;
    std::int64_t given = 0;

    [[nodiscard]] std::string to_text() const;
    /// Errors: InvalidArgument.
    static Result<QueryPlace> parse(std::string_view text);

    bool operator==(QueryPlace const&) const = default;
};

}  // namespace ounce::iot
