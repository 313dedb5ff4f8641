#include <unistd.h>

#include <filesystem>
#include <iostream>
#include <memory>

#include "base/file.hpp"
#include "cli/hub_command.hpp"
#include "cli/output.hpp"
#include "cli/table.hpp"

namespace ounce::cli {
namespace {

constexpr std::uint64_t kTextBytesMax = 64 << 10;
constexpr std::uint64_t kCaBytesMax = 1 << 20;

struct LoginOptions {
    std::string connection_string;
    std::string connection_string_file;
    std::string ca;
};

/// From the option, the file, or a line of standard input: there it stays out of the shell's history and the
/// list of processes.
Result<std::string> connection_text(Context const& context, LoginOptions const& options) {
    if (!options.connection_string.empty()) return options.connection_string;
    if (!options.connection_string_file.empty() && options.connection_string_file != "-") {
        TRY(auto const content, read_file(options.connection_string_file, kTextBytesMax));
        return std::string(as_text(content));
    }
    if (!context.quiet && ::isatty(STDIN_FILENO) == 1)
        std::cerr << "Connection string, as 'ounce-hub init' printed it: " << std::flush;
    std::string line;
    if (!std::getline(std::cin, line))
        return fail(Code::InvalidArgument,
                    "no connection string: give --connection-string-file, or a line on standard input");
    return line;
}

/// Asks the hub something that every credential may: whether it is there, whether the certificate is trusted,
/// and whether the key is right.
Result<Json> introduce(Context const& context, Profile const& profile) {
    HubClient client(profile, context.stop);
    auto answer = client.get("/ounce/v1/about");  // tries again: the hub may just be starting
    if (answer) return answer;
    if (answer.error().code == Code::NotFound)
        return fail(Code::FailedPrecondition, "{} answers, but is not an Ounce hub", authority(profile.hub));
    return fail(answer.error().in("nothing was saved"));
}

CommandResult login(Context const& context, LoginOptions const& options) {
    TRY(auto const text, connection_text(context, options));
    TRY(auto const hub, parse_connection_string(text));
    std::optional<std::string> ca_pem;
    if (!options.ca.empty()) {
        TRY(auto const content, read_file(options.ca, kCaBytesMax));
        ca_pem = std::string(as_text(content));
    }
    TRY(auto const hello, introduce(context, {"", hub, options.ca}));

    auto const around = Surroundings::of_process();
    auto const name = context.profile.empty() ? std::string("default") : context.profile;
    TRY(auto book, ProfileBook::read(around.folder));
    TRY_STATUS(book.save(name, hub, ca_pem));
    if (around.connection_string && !context.quiet)
        std::cerr << "ounce: OUNCE_CONNECTION_STRING is set and comes first where no --profile is given\n";
    auto const rights = hello.value("rights", Json::array());
    OrderedJson const object{{"profile", name},
                             {"host", authority(hub)},
                             {"policy", hub.policy},
                             {"rights", rights},
                             {"version", hello.value("version", "")}};
    print_result(context.json, object,
                 fmt::format("logged in to {} as {}; profile '{}' is now the default\n",
                             printable(authority(hub)), printable(hub.policy), name));
    return 0;
}

struct ProfileOptions {
    std::string name;
};

CommandResult list_profiles(Context const& context) {
    TRY(auto const book, ProfileBook::read(Surroundings::of_process().folder));
    auto entries = OrderedJson::array();
    std::vector<std::vector<std::string>> rows{{"NAME", "HUB", "POLICY", "CA", ""}};
    for (auto const& [name, profile] : book.profiles()) {
        bool const is_default = name == book.default_name();
        entries.push_back({{"name", name},
                           {"host", authority(profile.hub)},
                           {"policy", profile.hub.policy},
                           {"ca", profile.ca.string()},
                           {"default", is_default}});
        rows.push_back({name, authority(profile.hub), profile.hub.policy, profile.ca.string(),
                        is_default ? "default" : ""});
    }
    print_result(context.json, {{"profiles", entries}},
                 entries.empty() ? "no profiles; 'ounce login' makes one\n" : table(rows));
    return 0;
}

CommandResult remove_profile(Context const& context, ProfileOptions const& options) {
    TRY(auto book, ProfileBook::read(Surroundings::of_process().folder));
    TRY_STATUS(book.remove(options.name));
    print_result(context.json, {{"removed", options.name}}, fmt::format("removed: {}\n", options.name));
    return 0;
}

}  // namespace

void add_login_command(CLI::App& app, Chosen& chosen) {
    auto* const command =
        app.add_subcommand("login", "Remember a hub, after asking it whether the key is right");
    auto const options = std::make_shared<LoginOptions>();
    auto* const text =
        command->add_option("--connection-string", options->connection_string,
                            "As 'ounce-hub init' prints it; others on this machine may see it");
    command
        ->add_option("--connection-string-file", options->connection_string_file,
                     "File that holds it; '-' or nothing: a line of standard input")
        ->excludes(text);
    command->add_option("--ca", options->ca,
                        "PEM file of the CA that signed the hub's certificate; a copy is kept");
    command->footer(
        "The profile (--profile, else 'default') becomes the default. It is kept in\n"
        "$XDG_CONFIG_HOME/ounce/profiles.toml (else ~/.config), which only you can read.\n"
        "OUNCE_CONNECTION_STRING and OUNCE_CA name a hub without any profile.\n"
        "Example: ounce login --connection-string-file owner.txt --ca hub/keys/ca.pem\n");
    choose(*command, chosen, options, login);
}

void add_profile_command(CLI::App& app, Chosen& chosen) {
    auto* const command = app.add_subcommand("profile", "The hubs that 'ounce login' remembers");
    command->require_subcommand(1);
    auto* const listing = command->add_subcommand("list", "Show them, without their keys");
    listing->footer("Example: ounce profile list\n");
    listing->callback([&chosen] { chosen = list_profiles; });
    auto* const removing = command->add_subcommand("remove", "Forget one, with its key");
    auto const options = std::make_shared<ProfileOptions>();
    removing->add_option("NAME", options->name)->required();
    removing->footer("Example: ounce profile remove farm\n");
    choose(*removing, chosen, options, remove_profile);
}

}  // namespace ounce::cli
