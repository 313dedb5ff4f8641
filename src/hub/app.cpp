#include "hub/app.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <string_view>

#include "base/json.hpp"
#include "base/signal_watch.hpp"
#include "hub/commands.hpp"

namespace ounce::hub {
namespace {

/// Whether the caller reads JSON, when the command line as a whole could not be read.
bool wants_json(int argc, char const* const* argv) {
    return std::any_of(argv + 1, argv + argc, [](std::string_view word) { return word == "--json"; });
}

void print_json(Error const& error) {
    OrderedJson const object{{"error", {{"code", to_string(error.code)}, {"message", error.message}}}};
    std::fputs((dump_json(object) + "\n").c_str(), stdout);
}

}  // namespace

int run(int argc, char const* const* argv) {
    ::umask(0077);  // all that a hub writes is for its owner alone

    CLI::App app("The hub of Ounce: devices, telemetry, vision projects, models and images in one program.",
                 "ounce-hub");
    app.require_subcommand(1);
    app.fallthrough();
    app.set_version_flag("--version", "ounce-hub " OUNCE_VERSION);
    app.footer(
        "Exit status: 0 all well, 2 usage; docs/CLI.md has the rest, docs/HUB.md tells how to run a hub.");
    Context context;
    app.add_flag("--json", context.json, "JSON on standard output");
    Chosen chosen;
    add_init_command(app, chosen);
    add_serve_command(app, chosen);
    add_config_command(app, chosen);
    add_connection_string_command(app, chosen);
    add_backup_command(app, chosen);
    add_restore_command(app, chosen);
    try {
        app.parse(argc, argv);
    } catch (CLI::ParseError const& error) {
        if (app.exit(error) == 0) return 0;  // --help
        Error const wrong_use{Code::InvalidArgument, error.what()};
        if (wants_json(argc, argv)) print_json(wrong_use);
        return exit_code(wrong_use.code);
    }

    SignalWatch const signals("");
    context.stop = signals.token();
    auto const status = chosen(context);
    if (status) return 0;
    auto const& error = status.error();
    if (context.json) print_json(error);
    std::fputs(fmt::format("ounce-hub: {}\n", error.message).c_str(), stderr);
    return exit_code(error.code);
}

}  // namespace ounce::hub
