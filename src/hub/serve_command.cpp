#include <condition_variable>
#include <cstdio>
#include <map>
#include <memory>
#include <mutex>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "hub/commands.hpp"
#include "hub/config.hpp"
#include "hub/data_folder.hpp"
#include "hub/key_store.hpp"
#include "hub/server.hpp"

namespace ounce::hub {
namespace {

/// Less than the 5 s in which a stopped hub is gone: what is left is for closing the databases.
constexpr std::chrono::seconds kDrain{4};

struct Options {
    std::string data;
    std::string config;
    bool check = false;
};

LogLevel level_of(std::string const& name) {
    static std::map<std::string, LogLevel> const levels = {{"debug", LogLevel::Debug},
                                                           {"info", LogLevel::Info},
                                                           {"warning", LogLevel::Warning},
                                                           {"error", LogLevel::Error}};
    return levels.at(name);
}

/// One line on standard output for whoever started the hub and waits; the log has the same for people.
void tell_ready(Server::Ports ports, bool json) {
    log_info("ready", {{"https", ports.https}, {"mqtt", ports.mqtt}});
    if (!json) return;
    OrderedJson const line{{"event", "ready"}, {"https", ports.https}, {"mqtt", ports.mqtt}};
    std::fputs((dump_json(line) + "\n").c_str(), stdout);
    std::fflush(stdout);
}

void wait_for(std::stop_token const& stop) {
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    wake.wait(lock, stop, [] { return false; });
}

Status serve(Options const& options, Context const& context) {
    DataFolder const data(options.data);
    TRY(auto const config, load_config_of(data, options.config));
    if (options.check) return {};
    set_log_level(level_of(config.log.level));
    auto const& clock = system_clock();

    TRY(auto keyring, load_keyring(data));
    TRY(auto const lock, FolderLock::take(data.lock()));
    TRY(auto const renewed, renew_server_certificate(data, keyring, clock.now()));
    if (renewed) log_info("certificate renewed");
    TRY(auto const server, Server::start(data, config, std::move(keyring), clock));
    tell_ready(server->ports(), context.json);

    wait_for(context.stop);
    log_info("stopping");
    server->drain(kDrain);
    log_info("stopped");
    return {};
}

}  // namespace

void add_serve_command(CLI::App& app, Chosen& chosen) {
    auto const options = std::make_shared<Options>();
    auto* const command = app.add_subcommand("serve", "Serve devices, scripts and people until told to stop");
    command->add_option("--data", options->data, "The hub's folder, made by 'ounce-hub init'")->required();
    command->add_option("--config", options->config, "Settings (hub.toml of the data folder)");
    command->add_flag("--check", options->check, "Look through the settings and end");
    command->callback([options, &chosen] {
        chosen = [options](Context const& context) { return serve(*options, context); };
    });
}

}  // namespace ounce::hub
