#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace ounce::iot {

/// What an If-Match header asks for (iothub-service-rest-amqp.md D2).
class Precondition {
  public:
    /// No header at all.
    Precondition() = default;

    /// Quoted or not; `*` and `"*"` stand for whatever is there.
    static Precondition parse(std::optional<std::string_view> header);
    static Precondition any() { return parse("*"); }

    /// True if the header was there: the caller means something that exists.
    [[nodiscard]] bool given() const { return given_; }

    /// Errors: Aborted ("PreconditionFailed") if a tag was asked for and `etag` is another.
    [[nodiscard]] Status check(std::string_view etag) const;

  private:
    bool given_ = false;
    std::optional<std::string> etag_;  // none: any
};

}  // namespace ounce::iot
