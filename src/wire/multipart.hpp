#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace ounce::wire {

/// One field of a multipart/form-data body (RFC 7578).
struct FormPart {
    std::string name;
    std::optional<std::string> filename;  // as sent; never use it as a path
    std::string content_type;             // "text/plain" where the part does not say
    ByteView content;                     // borrowed: valid while the body is
};

inline constexpr std::size_t kFormPartsMax = 1000;
inline constexpr std::size_t kFormPartHeaderBytesMax = 8 * 1024;
inline constexpr std::size_t kFormBoundaryBytesMax = 70;  // RFC 2046 section 5.1.1

/// The boundary that a Content-Type header names: `multipart/form-data; boundary="x"`. Any multipart type.
/// Errors: InvalidArgument if it is not multipart, or names no boundary or one that the standard forbids.
Result<std::string> form_boundary(std::string_view content_type);

/// The parts of `body`, in order; names may repeat. A preamble and what follows the last delimiter are passed
/// over. Any thread.
/// Errors: InvalidArgument for a body that ends before its last delimiter, or a part without a name;
/// ResourceExhausted beyond the bounds above.
Result<std::vector<FormPart>> parse_form(ByteView body, std::string_view boundary);

}  // namespace ounce::wire
