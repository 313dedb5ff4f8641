#pragma once

#include <string>
#include <string_view>

#include "base/json.hpp"

namespace ounce::cli {

/// Writes to standard output, at once: whoever reads a pipe sees each line when it is there.
void print(std::string_view text);

/// The result of a command: `object` on one line where JSON is wanted, else `text`.
void print_result(bool json, OrderedJson const& object, std::string_view text);

bool stdout_is_terminal();

/// `text` with control characters as '?', so that a file name cannot steer the terminal.
std::string printable(std::string_view text);

}  // namespace ounce::cli
