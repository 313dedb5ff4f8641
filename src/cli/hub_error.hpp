#pragma once

#include <string_view>

#include "base/result.hpp"

namespace ounce::cli {

/// What an answer of the hub that is no success means to a command: its kind from the status, its words from
/// the body in any of the hub's dialects ({"Message"}, {"code", "message"}, {"error": {...}}, {"errors":
/// [...]}), cut short and without control characters, since the other side may be anything.
Error error_of(int status, std::string_view body);

/// The kind of error that a status stands for.
Code code_of(int status);

}  // namespace ounce::cli
