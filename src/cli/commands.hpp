#pragma once

#include <CLI/CLI.hpp>
#include <stop_token>

#include "base/result.hpp"

namespace ounce::cli {

/// Exit status of a command that did its work but for some files.
inline constexpr int kSomeFailed = 3;

/// What a command gets from the program around it.
struct Context {
    std::stop_token stop;  // someone wants the command to stop
    bool json = false;     // --json: one object (or one line a file) on standard output, nothing else there
    bool quiet = false;    // --quiet: no progress on standard error
    std::string profile;   // --profile: the hub to talk to; empty: the default, or what the environment says
};

/// The exit status, or the error that ends the command (printed and mapped by the caller).
using CommandResult = Result<int>;

/// Each function adds one command to `app` and sets `chosen` to what runs it when the command is given.
/// The options live as long as the function object.
using Chosen = std::function<CommandResult(Context const&)>;
void add_predict_command(CLI::App& app, Chosen& chosen);
void add_package_command(CLI::App& app, Chosen& chosen);
void add_backbone_command(CLI::App& app, Chosen& chosen);
void add_train_command(CLI::App& app, Chosen& chosen);
void add_evaluate_command(CLI::App& app, Chosen& chosen);
void add_sift_command(CLI::App& app, Chosen& chosen);
void add_login_command(CLI::App& app, Chosen& chosen);
void add_profile_command(CLI::App& app, Chosen& chosen);
void add_device_command(CLI::App& app, Chosen& chosen);
void add_twin_command(CLI::App& app, Chosen& chosen);
void add_method_command(CLI::App& app, Chosen& chosen);
void add_monitor_command(CLI::App& app, Chosen& chosen);
void add_vision_command(CLI::App& app, Chosen& chosen);
void add_model_command(CLI::App& app, Chosen& chosen);
void add_trust_command(CLI::App& app, Chosen& chosen);

}  // namespace ounce::cli
