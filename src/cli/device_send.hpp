#pragma once

#include "cli/commands.hpp"

namespace ounce::cli {

/// Adds "send" to `device`: a message in the name of a device, to try a hub without one.
void add_device_send(CLI::App& device, Chosen& chosen);

}  // namespace ounce::cli
