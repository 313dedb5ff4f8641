#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/metrics.hpp"
#include "hub/backup.hpp"
#include "hub/commands.hpp"
#include "hub/config.hpp"
#include "hub/domains.hpp"

namespace ounce::hub {
namespace {

struct Options {
    std::string data;
    std::string folder;
};

void tell(BackupSummary const& summary, std::string_view what, bool json) {
    OrderedJson const object{
        {"databases", summary.databases}, {"blobs", summary.blobs}, {"bytes", summary.bytes}};
    auto const text = json ? dump_json(object)
                           : fmt::format("{} {} databases and {} blobs, {:.1f} MB", what, summary.databases,
                                         summary.blobs, static_cast<double>(summary.bytes) / 1e6);
    std::fputs((text + "\n").c_str(), stdout);
}

Status run_backup(Options const& options, Context const& context) {
    TRY(auto const summary, back_up(DataFolder(options.data), options.folder, system_clock().now(),
                                    context.stop, stderr_progress()));
    tell(summary, "backed up", context.json);
    return {};
}

/// Whether this program can work with what was restored.
Status open_once(DataFolder const& data) {
    TRY(auto const config, load_config_of(data, ""));
    Metrics metrics;
    TRY(auto const domains, Domains::open(data, config, system_clock(), metrics, [](iot::Change const&) {}));
    return {};
}

Status run_restore(Options const& options, Context const& context) {
    TRY(auto const summary,
        restore(options.folder, DataFolder(options.data), open_once, context.stop, stderr_progress()));
    tell(summary, "restored", context.json);
    return {};
}

}  // namespace

void add_backup_command(CLI::App& app, Chosen& chosen) {
    auto const options = std::make_shared<Options>();
    auto* const command = app.add_subcommand("backup", "Copy a hub, which may be serving, into a new folder");
    command->add_option("--data", options->data, "The hub's folder")->required();
    command->add_option("--out", options->folder, "The new folder; it holds keys: keep it as safe as the hub")
        ->required();
    command->callback([options, &chosen] {
        chosen = [options](Context const& context) { return run_backup(*options, context); };
    });
}

void add_restore_command(CLI::App& app, Chosen& chosen) {
    auto const options = std::make_shared<Options>();
    auto* const command = app.add_subcommand("restore", "Make a hub's folder from a backup");
    command->add_option("--from", options->folder, "A folder that 'ounce-hub backup' made")->required();
    command->add_option("--data", options->data, "The hub's new folder; must not exist or be empty")
        ->required();
    command->callback([options, &chosen] {
        chosen = [options](Context const& context) { return run_restore(*options, context); };
    });
}

}  // namespace ounce::hub
