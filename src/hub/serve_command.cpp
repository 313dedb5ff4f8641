#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

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
constexpr std::chrono::milliseconds kEnd{4'700};
constexpr std::chrono::hours kLookAtCertificate{12};

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

/// Returns after `time`, or when a stop is asked for: then true.
bool stopped_within(std::chrono::milliseconds time, std::stop_token const& stop) {
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    return wake.wait_for(lock, stop, time, [&] { return stop.stop_requested(); });
}

/// Ends the process unless it is told in time that there is no need. A layer of gigabytes that is being taken
/// in, or a disk that does not answer, would hold it up until the service manager kills it, which is no
/// worse: what was acknowledged is on the disk.
void end_in_time(std::stop_token const& ended) {
    if (stopped_within(kEnd, ended)) return;
    log_warning("stopped", {{"reason", "something under way took too long"}});
    std::_Exit(0);
}

/// A hub that serves for years renews its certificate on the way. If that fails there is time for other
/// tries.
void keep_certificate_valid(DataFolder const& data, crypto::Keyring const& keyring, Server& server,
                            Time now) {
    auto const done = [&]() -> Status {
        TRY(auto const renewed, renew_server_certificate(data, keyring, now));
        if (renewed) log_info("certificate renewed");
        return server.reload_certificate(data);
    }();
    if (!done) log_error("certificate not renewed", {{"error", done.error().message}});
}

Status serve(Options const& options, Context const& context) {
    DataFolder const data(options.data);
    TRY(auto const config, load_config_of(data, options.config));
    if (options.check) return {};
    set_log_level(level_of(config.log.level));
    auto const& clock = system_clock();

    TRY(auto const keyring, load_keyring(data));
    TRY(auto const lock, FolderLock::take(data.lock()));
    TRY_STATUS(keep_keys_private(data));
    TRY(auto const renewed, renew_server_certificate(data, keyring, clock.now()));
    if (renewed) log_info("certificate renewed");
    TRY(auto server, Server::start(data, config, keyring, clock));
    tell_ready(server->ports(), context.json);

    while (!stopped_within(kLookAtCertificate, context.stop))
        keep_certificate_valid(data, keyring, *server, clock.now());
    log_info("stopping");
    {
        std::jthread const watch(end_in_time);
        server->drain(kDrain);
        server.reset();
    }
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
