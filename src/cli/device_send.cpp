#include "cli/device_send.hpp"

#include <memory>

#include "base/file.hpp"
#include "cli/hub_command.hpp"
#include "cli/output.hpp"

namespace ounce::cli {
namespace {

// iothub-auth-mqtt-http.md section C.
constexpr std::string_view kApiVersion = "2021-04-12";
constexpr std::uint64_t kMessageBytesMax = 256 * 1024;

struct Options {
    std::string device;
    std::string module;
    std::string body = "{}";
    std::vector<std::string> properties;
};

Result<std::string> body_of(Options const& options) {
    if (!options.body.starts_with('@')) return options.body;
    TRY(auto const content, read_file(options.body.substr(1), kMessageBytesMax));
    return std::string(as_text(content));
}

CommandResult send(Context const& context, Options const& options) {
    TRY(auto body, body_of(options));
    TRY(auto const properties, pairs_argument("--property", options.properties));
    TRY(auto hub, open_hub(context));
    HubClient::Request request;
    request.method = "POST";
    request.url = path_of({"devices", options.device});
    if (!options.module.empty()) request.url += path_of({"modules", options.module});
    request.url += path_of({"messages", "events"}) + query_of({{"api-version", kApiVersion}});
    if (parse_json(body)) {
        request.headers.add("iothub-contenttype", "application/json");
        request.headers.add("iothub-contentencoding", "utf-8");
    }
    for (auto const& [name, value] : properties) request.headers.add("iothub-app-" + name, value);
    auto const bytes = body.size();
    request.body = std::move(body);
    TRY(auto const answer, hub.send(std::move(request)));
    print_result(
        context.json, {{"sent", {{"device", options.device}, {"bytes", bytes}}}},
        fmt::format("sent {} bytes as {}; the hub has them on disk\n", bytes, printable(options.device)));
    return 0;
}

}  // namespace

void add_device_send(CLI::App& device, Chosen& chosen) {
    auto const options = std::make_shared<Options>();
    auto* const command =
        device.add_subcommand("send", "Send a message in the name of a device, to try a hub without one");
    command->add_option("DEVICE", options->device)->required();
    command->add_option("--module", options->module, "As this module of the device");
    command->add_option("--body", options->body, "The message, or @FILE; up to 256 KiB")
        ->capture_default_str();
    command->add_option("--property", options->properties, "key=value (may be repeated)");
    command->footer(
        "Needs the key of a policy with DeviceConnect: iothubowner or device.\n"
        "Example: ounce device send cam-1 --body '{\"leopard\": 0.97}' --property camera=north\n");
    choose(*command, chosen, options, send);
}

}  // namespace ounce::cli
