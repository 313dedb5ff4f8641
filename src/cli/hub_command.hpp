#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/progress.hpp"
#include "cli/commands.hpp"
#include "cli/hub_client.hpp"

namespace ounce::cli {

/// What the commands that talk to a hub share.

/// The hub that --profile or the environment names. Errors: as choose_profile.
Result<HubClient> open_hub(Context const& context);

/// JSON typed on the command line, or with '@' in front the name of a file that holds it.
/// Errors: InvalidArgument naming `option`; as read_file.
Result<Json> json_argument(std::string_view option, std::string const& text);

/// "area=ladakh" -> {"area": "ladakh"}; "draft" alone -> {"draft": ""}.
/// Errors: InvalidArgument naming `option` for an empty key, or one that comes twice.
Result<std::map<std::string, std::string>> pairs_argument(std::string_view option,
                                                          std::vector<std::string> const& texts);

/// Progress on standard error, or none with --quiet.
ProgressSink progress_for(Context const& context);

/// The member of an object as text: "" if it is missing or null, JSON if it is no text.
std::string text_member(Json const& object, std::string_view key);

/// Makes `run` what runs the program when `command` is given. The options live as long as the function.
template <class Options>
void choose(CLI::App& command, Chosen& chosen, std::shared_ptr<Options> const& options,
            CommandResult (*run)(Context const&, Options const&)) {
    command.callback([&chosen, options, run] {
        chosen = [options, run](Context const& context) { return run(context, *options); };
    });
}

}  // namespace ounce::cli
