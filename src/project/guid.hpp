#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace ounce::project {

/// The id of a project, tag, image, iteration or prediction: 128 bits, written in lower case with dashes
/// (RFC 9562). A value; any thread.
class Guid {
  public:
    /// The one of zeros: stands for "none".
    Guid() : text_("00000000-0000-0000-0000-000000000000") {}

    /// A new random one (version 4).
    static Guid random();

    /// Reads 32 hexadecimal digits of any case, with the four dashes or without. None if it is anything else.
    static std::optional<Guid> parse(std::string_view text);

    /// "ee85a74c-405e-4adc-bb47-ffa8ca0c9f31".
    [[nodiscard]] std::string const& text() const { return text_; }
    /// Without the dashes, as object names have it.
    [[nodiscard]] std::string digits() const;

    friend auto operator<=>(Guid const&, Guid const&) = default;

  private:
    explicit Guid(std::string text) : text_(std::move(text)) {}
    std::string text_;
};

}  // namespace ounce::project
