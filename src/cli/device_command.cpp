#include <memory>

#include "cli/device_send.hpp"
#include "cli/hub_command.hpp"
#include "cli/output.hpp"
#include "cli/table.hpp"

namespace ounce::cli {
namespace {

// iothub-service-rest-amqp.md section D3.
constexpr std::string_view kApiVersion = "2021-04-12";
constexpr std::string_view kListMax = "1000";

struct Options {
    std::string device;
    std::string module;
    bool edge = false;
    bool disabled = false;
    bool secondary = false;
    int port = 0;
};

std::string device_path(std::string const& device) {
    return path_of({"devices", device}) + query_of({{"api-version", kApiVersion}});
}

/// What a person may see: all but the keys.
Json without_keys(Json identity) {
    if (identity.is_object() && identity.contains("authentication") && identity["authentication"].is_object())
        identity["authentication"].erase("symmetricKey");
    return identity;
}

bool is_edge(Json const& identity) {
    return identity.is_object() && identity.contains("capabilities") &&
           text_member(identity["capabilities"], "iotEdge") == "true";
}

CommandResult create(Context const& context, Options const& options) {
    TRY(auto hub, open_hub(context));
    Json const wanted{{"deviceId", options.device},
                      {"status", options.disabled ? "disabled" : "enabled"},
                      {"capabilities", {{"iotEdge", options.edge}}}};
    TRY(auto const device, hub.ask("PUT", device_path(options.device), wanted));
    print_result(
        context.json, OrderedJson(without_keys(device)),
        fmt::format("{}: created{}; 'ounce device connection-string {}' prints what it connects with\n",
                    printable(options.device), options.edge ? " as an edge device" : "",
                    printable(options.device)));
    return 0;
}

CommandResult list(Context const& context) {
    TRY(auto hub, open_hub(context));
    TRY(auto const devices,
        hub.get("/devices" + query_of({{"top", kListMax}, {"api-version", kApiVersion}})));
    if (!devices.is_array()) return fail(Code::DataLoss, "the hub's list of devices is no list");
    auto entries = OrderedJson::array();
    std::vector<std::vector<std::string>> rows{{"DEVICE", "STATUS", "STATE", "EDGE", "LAST ACTIVITY"}};
    for (auto const& device : devices) {
        entries.push_back(OrderedJson(without_keys(device)));
        rows.push_back({text_member(device, "deviceId"), text_member(device, "status"),
                        text_member(device, "connectionState"), is_edge(device) ? "yes" : "",
                        text_member(device, "lastActivityTime")});
    }
    auto text = table(rows);
    if (fmt::format("{}", devices.size()) == kListMax) text += fmt::format("(the first {})\n", kListMax);
    print_result(context.json, {{"devices", entries}}, text);
    return 0;
}

CommandResult show(Context const& context, Options const& options) {
    TRY(auto hub, open_hub(context));
    TRY(auto const device, hub.get(device_path(options.device)));
    TRY(auto const modules,
        hub.get(path_of({"devices", options.device, "modules"}) + query_of({{"api-version", kApiVersion}})));
    auto object = OrderedJson(without_keys(device));
    object["modules"] = OrderedJson::array();
    std::string names;
    for (auto const& module : modules) {
        object["modules"].push_back(OrderedJson(without_keys(module)));
        names += (names.empty() ? "" : ", ") + text_member(module, "moduleId");
    }
    std::vector<std::vector<std::string>> rows;
    for (auto const* const key : {"deviceId", "status", "statusReason", "connectionState",
                                  "connectionStateUpdatedTime", "lastActivityTime", "etag", "deviceScope"})
        if (auto value = text_member(device, key); !value.empty()) rows.push_back({key, value});
    rows.push_back({"edge", is_edge(device) ? "yes" : "no"});
    rows.push_back({"modules", names.empty() ? "none" : names});
    print_result(context.json, object, table(rows));
    return 0;
}

CommandResult remove(Context const& context, Options const& options) {
    TRY(auto hub, open_hub(context));
    TRY_STATUS(hub.ask("DELETE", device_path(options.device), {}, "*"));
    print_result(context.json, {{"deleted", options.device}},
                 fmt::format("{}: deleted\n", printable(options.device)));
    return 0;
}

CommandResult connection_string(Context const& context, Options const& options) {
    TRY(auto hub, open_hub(context));
    auto path = path_of({"devices", options.device});
    if (!options.module.empty()) path += path_of({"modules", options.module});
    TRY(auto const identity, hub.get(path + query_of({{"api-version", kApiVersion}})));
    auto const* const name = options.secondary ? "secondaryKey" : "primaryKey";
    auto const pointer = Json::json_pointer(fmt::format("/authentication/symmetricKey/{}", name));
    auto const key = identity.contains(pointer) && identity[pointer].is_string()
                         ? identity[pointer].get<std::string>()
                         : std::string();
    if (key.empty())
        return fail(Code::FailedPrecondition, "{}: the hub gave no key: it has none, or {} may not read it",
                    options.device, hub.profile().hub.policy);
    // Clients read a port here as that of MQTT, if they read it at all; ours is that of HTTPS.
    auto host = hub.profile().hub;
    host.port = 443;
    auto const text = fmt::format("HostName={}{};DeviceId={}{};SharedAccessKey={}", authority(host),
                                  options.port == 0 ? "" : fmt::format(":{}", options.port), options.device,
                                  options.module.empty() ? "" : ";ModuleId=" + options.module, key);
    print_result(context.json, {{"connectionString", text}}, text + "\n");
    return 0;
}

}  // namespace

void add_device_command(CLI::App& app, Chosen& chosen) {
    auto* const command = app.add_subcommand("device", "The devices that may connect to the hub");
    command->require_subcommand(1);
    auto const options = std::make_shared<Options>();
    auto const add = [&](char const* name, char const* what, char const* example, auto run) {
        auto* const verb = command->add_subcommand(name, what);
        verb->add_option("DEVICE", options->device)->required();
        verb->footer(fmt::format("Example: {}\n", example));
        choose(*verb, chosen, options, run);
        return verb;
    };

    auto* const creating = add("create", "Make one, with two new keys", "ounce device create cam-1", create);
    creating->add_flag("--edge", options->edge, "An edge device, with modules $edgeAgent and $edgeHub");
    creating->add_flag("--disabled", options->disabled, "It may not connect yet");

    auto* const listing = command->add_subcommand("list", "Show all (the first 1000)");
    listing->footer("Example: ounce device list\n");
    listing->callback([&chosen] { chosen = list; });

    add("show", "Show one and its modules", "ounce device show cam-1", show);
    add("delete", "Remove one, with its twin and modules", "ounce device delete cam-1", remove);

    auto* const text = add("connection-string", "Print what the device connects with: a secret",
                           "ounce device connection-string cam-1 > cam-1.txt", connection_string);
    text->add_option("--module", options->module, "Of this module of the device");
    text->add_flag("--secondary", options->secondary, "With the second key");
    text->add_option("--port", options->port, "Add the port of MQTT, for clients that read it in HostName")
        ->check(CLI::Range(1, 65535));

    add_device_send(*command, chosen);
}

}  // namespace ounce::cli
