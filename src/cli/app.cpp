#include "cli/app.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <string_view>

#include "base/json.hpp"
#include "base/nearest.hpp"
#include "base/signal_watch.hpp"
#include "cli/commands.hpp"
#include "cli/output.hpp"

namespace ounce::cli {
namespace {

/// Whether the caller reads JSON, when the command line as a whole could not be read.
bool wants_json(int argc, char const* const* argv) {
    for (int i = 1; i < argc && std::string_view(argv[i]) != "--"; ++i)
        if (std::string_view(argv[i]) == "--json") return true;
    return false;
}

void print_error(Error const& error) {
    OrderedJson const object{{"error", {{"code", to_string(error.code)}, {"message", error.message}}}};
    std::fputs((dump_json(object) + "\n").c_str(), stdout);
}

/// What the parser's "A subcommand is required" is about where a word was given that is none; else "".
std::string unknown_command(CLI::App const& app) {
    constexpr std::size_t kShownBytesMax = 60;
    auto const* deepest = &app;
    for (auto parsed = deepest->get_subcommands(); !parsed.empty(); parsed = deepest->get_subcommands())
        deepest = parsed.back();
    std::vector<std::string> known;
    for (auto const* const each : deepest->get_subcommands([](CLI::App const*) { return true; }))
        known.push_back(each->get_name());
    auto const unread = app.remaining(true);
    if (known.empty() || unread.empty() || unread.front().starts_with('-')) return {};
    auto const shown = unread.front().substr(0, kShownBytesMax);
    return fmt::format("there is no '{}'; did you mean '{}'?", printable(shown), nearest(shown, known));
}

}  // namespace

int run(int argc, char const* const* argv) {
    CLI::App app("Ounce: teach cameras what to look for, on machines you own.", "ounce");
    app.require_subcommand(1);
    app.fallthrough();
    app.set_version_flag("--version", "ounce " OUNCE_VERSION);
    app.footer("Exit status: 0 all well, 2 usage, 3 some files failed; docs/CLI.md has the rest.");
    Context context;
    app.add_flag("--json", context.json, "One JSON object on standard output (predict: one line a file)");
    app.add_flag("--quiet", context.quiet, "No progress on standard error");
    app.add_option("--profile", context.profile, "The hub to talk to, as 'ounce login' named it");
    Chosen chosen;
    add_predict_command(app, chosen);
    add_package_command(app, chosen);
    add_backbone_command(app, chosen);
    add_train_command(app, chosen);
    add_evaluate_command(app, chosen);
    add_sift_command(app, chosen);
    add_login_command(app, chosen);
    add_profile_command(app, chosen);
    add_device_command(app, chosen);
    add_twin_command(app, chosen);
    add_method_command(app, chosen);
    add_monitor_command(app, chosen);
    add_vision_command(app, chosen);
    add_model_command(app, chosen);
    add_trust_command(app, chosen);
    try {
        app.parse(argc, argv);
    } catch (CLI::ParseError const& parsed) {
        auto const unknown = dynamic_cast<CLI::RequiredError const*>(&parsed) ? unknown_command(app) : "";
        auto const error =
            unknown.empty() ? parsed : CLI::RequiredError(unknown, CLI::ExitCodes::RequiredError);
        if (app.exit(error) == 0) return 0;  // --help
        if (wants_json(argc, argv)) print_error({Code::InvalidArgument, error.what()});
        return 2;
    }

    SignalWatch const signals("\nstopping at the next safe point; once more ends at once\n");
    context.stop = signals.token();
    auto const status = chosen(context);
    if (status) return *status;
    auto const& error = status.error();
    if (context.json) print_error(error);
    std::fprintf(stderr, "ounce: %s\n", error.message.c_str());
    return exit_code(error.code);
}

}  // namespace ounce::cli
