#pragma once

#include <string_view>

namespace ounce::cli {

/// Writes to standard output, at once: whoever reads a pipe sees each line when it is there.
void print(std::string_view text);

}  // namespace ounce::cli
