#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace ounce::project {

inline constexpr std::size_t kNameBytesMax = 200;   // as model packages hold tags' names
inline constexpr std::size_t kTextBytesMax = 4096;  // of a description or an address

/// Whether `text` can name a project, tag or iteration: 1 to kNameBytesMax bytes of UTF-8 without control
/// characters and without spaces around it. Anything else is allowed: a name is never used as a path.
bool is_name(std::string_view text);

/// Whether `text` can describe something: UTF-8, at most kTextBytesMax bytes, line breaks allowed.
bool is_description(std::string_view text);

}  // namespace ounce::project
