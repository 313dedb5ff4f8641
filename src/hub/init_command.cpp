#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <memory>

#include "base/clock.hpp"
#include "base/file.hpp"
#include "crypto/certificate.hpp"
#include "hub/commands.hpp"
#include "hub/config.hpp"
#include "hub/init_report.hpp"
#include "hub/key_store.hpp"

namespace ounce::hub {
namespace {

struct Options {
    std::string data;
    std::vector<std::string> hosts;
    std::string config;
};

/// What changed goes to standard error, so that standard output is the same at each run.
void tell_changes(PreparedKeys const& prepared, DataFolder const& data) {
    if (prepared.keyring_is_new)
        fmt::print(stderr, "made a hub in {}\n", data.root().string());
    else if (!prepared.hosts_added.empty())
        fmt::print(stderr, "added to the server's certificate: {}\n", fmt::join(prepared.hosts_added, ", "));
    else if (prepared.certificate_is_new)
        fmt::print(stderr, "made the server's certificate anew\n");
    if (!prepared.keyring_is_new && prepared.certificate_is_new)
        fmt::print(stderr, "a hub that is serving shows the new certificate after it is started again\n");
}

Status init(Options const& options, Context const& context) {
    DataFolder const data(options.data);
    TRY(auto const config, load_config_of(data, options.config));
    TRY(auto const prepared, prepare_keys(data, options.hosts, system_clock().now()));
    tell_changes(prepared, data);
    TRY(auto const pem, read_file(data.authority_certificate(), 1 << 20));
    TRY(auto const facts, crypto::parse_certificate(as_text(pem)));
    auto const report = init_report(data, config, prepared.keyring, facts.sha256_hex);
    auto const text = context.json ? dump_json(report, 2) + "\n" : init_text(report);
    if (std::fputs(text.c_str(), stdout) < 0 || std::fflush(stdout) != 0)
        return fail(Code::ResourceExhausted, "cannot write to standard output");
    return {};
}

}  // namespace

void add_init_command(CLI::App& app, Chosen& chosen) {
    auto const options = std::make_shared<Options>();
    auto* const command =
        app.add_subcommand("init", "Make a hub's keys and certificates, or show them again");
    command->add_option("--data", options->data, "The hub's folder; made if it is missing")->required();
    command->add_option(
        "--host", options->hosts,
        "Names and addresses by which clients reach the hub, the main one first; localhost is always "
        "one");
    command->add_option("--config", options->config, "Settings (hub.toml of the data folder)");
    command->callback([options, &chosen] {
        chosen = [options](Context const& context) { return init(*options, context); };
    });
}

void add_config_command(CLI::App& app, Chosen& chosen) {
    auto const path = std::make_shared<std::string>();
    auto* const command =
        app.add_subcommand("config", "Show all settings, what they mean and their values, as a hub.toml");
    command->add_option("--config", *path,
                        "Show the values of this file; without it, those that are built in");
    command->callback([path, &chosen] {
        chosen = [path](Context const&) -> Status {
            auto const config = path->empty() ? Result<Config>(Config{}) : load_config(*path);
            if (!config) return fail(config.error());
            std::fputs(describe_config(*config).c_str(), stdout);
            return {};
        };
    });
}

}  // namespace ounce::hub
