#include <chrono>
#include <memory>

#include "cli/hub_command.hpp"
#include "cli/output.hpp"

namespace ounce::cli {
namespace {

// iothub-service-rest-amqp.md sections D5 and D9.
constexpr std::string_view kApiVersion = "2021-04-12";
constexpr int kHubSeconds = 10;  // what the hub may need beside the device

struct Options {
    std::string device;
    std::string module;
    std::string desired;
    std::string tags;
    std::string etag;
};

struct CallOptions {
    std::string device;
    std::string module;
    std::string method;
    std::string payload = "null";
    int timeout_s = 30;
    int connect_timeout_s = 0;
};

std::string twin_path(std::string const& device, std::string const& module) {
    auto const path = path_of({"twins", device});
    return module.empty() ? path : path + path_of({"modules", module});
}

CommandResult show(Context const& context, Options const& options) {
    TRY(auto hub, open_hub(context));
    TRY(auto const twin,
        hub.get(twin_path(options.device, options.module) + query_of({{"api-version", kApiVersion}})));
    print_result(context.json, OrderedJson(twin), dump_json(twin, 2) + "\n");
    return 0;
}

CommandResult update(Context const& context, Options const& options) {
    if (options.desired.empty() && options.tags.empty())
        return fail(Code::InvalidArgument, "nothing to change: give --desired or --tags");
    Json patch = Json::object();
    if (!options.desired.empty()) {
        TRY(patch["properties"]["desired"], json_argument("--desired", options.desired));
    }
    if (!options.tags.empty()) {
        TRY(patch["tags"], json_argument("--tags", options.tags));
    }
    TRY(auto hub, open_hub(context));
    TRY(auto const twin,
        hub.ask("PATCH", twin_path(options.device, options.module) + query_of({{"api-version", kApiVersion}}),
                patch, options.etag.empty() ? "*" : options.etag));
    auto const version = Json::json_pointer("/properties/desired/$version");
    print_result(context.json, OrderedJson(twin),
                 fmt::format("{}: twin version {}, desired properties version {}, etag {}\n",
                             printable(options.device), text_member(twin, "version"),
                             twin.contains(version) ? dump_json(twin[version]) : "unknown",
                             printable(text_member(twin, "etag"))));
    return 0;
}

CommandResult call(Context const& context, CallOptions const& options) {
    TRY(auto const payload, json_argument("--payload", options.payload));
    TRY(auto hub, open_hub(context));
    Json const body{{"methodName", options.method},
                    {"payload", payload},
                    {"responseTimeoutInSeconds", options.timeout_s},
                    {"connectTimeoutInSeconds", options.connect_timeout_s}};
    // Somewhat longer than the hub, which tells more of why there is no answer.
    std::chrono::seconds const patience{options.timeout_s + options.connect_timeout_s + kHubSeconds};
    TRY(auto const answer, hub.ask("POST",
                                   twin_path(options.device, options.module) + "/methods" +
                                       query_of({{"api-version", kApiVersion}}),
                                   body, {}, patience));
    print_result(context.json, OrderedJson(answer),
                 fmt::format("status {}\n{}\n", text_member(answer, "status"),
                             dump_json(answer.value("payload", Json()), 2)));
    return 0;
}

}  // namespace

void add_twin_command(CLI::App& app, Chosen& chosen) {
    auto* const command = app.add_subcommand("twin", "What the hub wants of a device, and what it reports");
    command->require_subcommand(1);
    auto const options = std::make_shared<Options>();

    auto* const showing = command->add_subcommand("show", "Show the whole document");
    auto* const updating = command->add_subcommand("update", "Merge changes into it");
    for (auto* const verb : {showing, updating}) {
        verb->add_option("DEVICE", options->device)->required();
        verb->add_option("--module", options->module, "Of this module of the device");
    }
    showing->footer("Example: ounce twin show cam-1\n");
    choose(*showing, chosen, options, show);

    updating->add_option("--desired", options->desired,
                         "JSON (or @FILE) to merge into the desired properties");
    updating->add_option("--tags", options->tags, "JSON (or @FILE) to merge into the tags");
    updating->add_option("--etag", options->etag, "Only if nobody changed the twin since it had this etag");
    updating->footer(
        "null takes a key away.\n"
        "Example: ounce twin update cam-1 --desired '{\"interval_s\": 60, \"debug\": null}'\n");
    choose(*updating, chosen, options, update);
}

void add_method_command(CLI::App& app, Chosen& chosen) {
    auto* const command = app.add_subcommand("method", "What a device does when asked");
    command->require_subcommand(1);
    auto const options = std::make_shared<CallOptions>();
    auto* const calling = command->add_subcommand("call", "Ask, and wait for the answer");
    calling->add_option("DEVICE", options->device)->required();
    calling->add_option("METHOD", options->method)->required();
    calling->add_option("--module", options->module, "Of this module of the device");
    calling->add_option("--payload", options->payload, "JSON, or @FILE")->capture_default_str();
    calling->add_option("--timeout", options->timeout_s, "Seconds that the device has to answer")
        ->check(CLI::Range(5, 300))
        ->capture_default_str();
    calling
        ->add_option("--connect-timeout", options->connect_timeout_s,
                     "Seconds to wait for a device that is not connected")
        ->check(CLI::Range(0, 300))
        ->capture_default_str();
    calling->footer(
        "Exit status 0 once the device has answered, whatever its own status says.\n"
        "Example: ounce method call cam-1 capture --payload '{\"frames\": 3}'\n");
    choose(*calling, chosen, options, call);
}

}  // namespace ounce::cli
