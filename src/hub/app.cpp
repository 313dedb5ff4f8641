#include "hub/app.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cstdio>
#include <string_view>

#include "base/json.hpp"
#include "base/signal_watch.hpp"
#include "hub/commands.hpp"

namespace ounce::hub {
namespace {

void print_error(Error const& error, bool json) {
    if (json) {
        OrderedJson const object{{"error", {{"code", to_string(error.code)}, {"message", error.message}}}};
        std::fputs((dump_json(object) + "\n").c_str(), stdout);
    }
    std::fputs(fmt::format("ounce-hub: {}\n", error.message).c_str(), stderr);
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
    add_backup_command(app, chosen);
    add_restore_command(app, chosen);
    try {
        app.parse(argc, argv);
    } catch (CLI::ParseError const& error) {
        return app.exit(error) == 0 ? 0 : exit_code(Code::InvalidArgument);  // 0: --help
    }

    SignalWatch const signals("");
    context.stop = signals.token();
    auto const status = chosen(context);
    if (status) return 0;
    print_error(status.error(), context.json);
    return exit_code(status.error().code);
}

}  // namespace ounce::hub
