#pragma once

#include <string>
#include <string_view>

namespace ounce {

/// Whether `text` is UTF-8 as RFC 3629 has it: no surrogates, nothing overlong, at most U+10FFFF.
bool is_utf8(std::string_view text);

/// `text` with every byte that is not part of UTF-8 as U+FFFD: for formats that allow nothing else. File
/// names are bytes, and may be anything.
std::string to_utf8(std::string_view text);

}  // namespace ounce
