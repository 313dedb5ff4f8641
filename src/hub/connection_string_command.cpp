#include <cstdio>
#include <memory>
#include <string>

#include "hub/commands.hpp"
#include "hub/config.hpp"
#include "hub/init_report.hpp"
#include "hub/key_store.hpp"

namespace ounce::hub {
namespace {

struct Options {
    std::string data;
    std::string policy = "iothubowner";
    std::string config;
};

Status show(Options const& options, Context const& context) {
    DataFolder const data(options.data);
    TRY(auto const config, load_config_of(data, options.config));
    TRY(auto const keyring, load_keyring(data));
    auto const policies = init_report(data, config, keyring, "")["policies"];
    auto const found = policies.find(options.policy);
    if (found == policies.end()) {
        std::string names;
        for (auto const& [name, text] : policies.items()) names += (names.empty() ? "" : ", ") + name;
        return fail(Code::NotFound, "there is no policy '{}'; there are {}", options.policy, names);
    }
    auto const text = found->get<std::string>();
    auto const line = context.json ? dump_json(OrderedJson{{"connectionString", text}}) : text;
    if (std::fputs((line + "\n").c_str(), stdout) < 0 || std::fflush(stdout) != 0)
        return fail(Code::ResourceExhausted, "cannot write to standard output");
    return {};
}

}  // namespace

void add_connection_string_command(CLI::App& app, Chosen& chosen) {
    auto const options = std::make_shared<Options>();
    auto* const command = app.add_subcommand(
        "connection-string",
        "Show how to reach the hub as one policy, and nothing else: to pipe into 'ounce login'");
    command->add_option("--data", options->data, "The hub's folder, made by 'ounce-hub init'")->required();
    command->add_option("--policy", options->policy, "Whose key")->capture_default_str();
    command->add_option("--config", options->config, "Settings (hub.toml of the data folder)");
    command->footer("Example: ounce-hub connection-string --data hub | ounce login --ca hub/keys/ca.pem");
    command->callback([options, &chosen] {
        chosen = [options](Context const& context) { return show(*options, context); };
    });
}

}  // namespace ounce::hub
