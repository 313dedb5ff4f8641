#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <stop_token>

#include "base/result.hpp"

namespace ounce::hub {

/// What a command gets from the program around it.
struct Context {
    std::stop_token stop;  // someone wants the command to stop
    bool json = false;     // --json: JSON on standard output and nothing else there
};

/// Each function adds one command to `app` and sets `chosen` to what runs it when the command is given. The
/// options live as long as the function object.
using Chosen = std::function<Status(Context const&)>;
void add_init_command(CLI::App& app, Chosen& chosen);
void add_serve_command(CLI::App& app, Chosen& chosen);
void add_config_command(CLI::App& app, Chosen& chosen);
void add_connection_string_command(CLI::App& app, Chosen& chosen);
void add_backup_command(CLI::App& app, Chosen& chosen);
void add_restore_command(CLI::App& app, Chosen& chosen);

}  // namespace ounce::hub
