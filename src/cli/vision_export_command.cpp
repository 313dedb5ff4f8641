#include <filesystem>
#include <memory>

#include "cli/hub_command.hpp"
#include "cli/output.hpp"
#include "cli/vision_client.hpp"
#include "cli/vision_commands.hpp"

namespace ounce::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kPollInterval{500};

struct Options {
    std::string project;
    std::string iteration;
    std::string platform = "ONNX";
    std::string flavor;
    std::string out;
};

/// The export in the list of them; null if it is not there.
Json find_export(Json const& exports, Options const& options) {
    if (exports.is_array())
        for (auto const& each : exports)
            if (text_member(each, "platform") == options.platform &&
                text_member(each, "flavor") == options.flavor)
                return each;
    return {};
}

/// Asks for the export unless there is one already, and waits until it can be fetched.
Result<std::string> export_url(Context const& context, HubClient& hub, std::string const& path,
                               Options const& options) {
    TRY(auto const exports, hub.get(path));
    auto wanted = find_export(exports, options);
    if (wanted.is_null() || text_member(wanted, "status") == "Failed") {
        TRY(wanted,
            hub.ask("POST", path + query_of({{"platform", options.platform}, {"flavor", options.flavor}})));
    }
    auto const progress = progress_for(context);
    for (;;) {
        auto const status = text_member(wanted, "status");
        if (status == "Done") return text_member(wanted, "downloadUri");
        if (status != "Exporting")
            return fail(Code::FailedPrecondition, "the export ended with status '{}'", printable(status));
        progress({"exporting", 0, 0});
        if (!pause(kPollInterval, context.stop))
            return fail(Code::Cancelled, "stopped before the export was done");
        TRY(auto const now, hub.get(path));
        wanted = find_export(now, options);
    }
}

CommandResult run_export(Context const& context, Options const& options) {
    std::error_code error;
    if (fs::exists(options.out, error)) return fail(Code::AlreadyExists, "{}: is there already", options.out);
    TRY(auto hub, open_hub(context));
    TRY(auto const project, find_project(hub, options.project));
    auto const id = text_member(project, "id");
    TRY(auto const iteration, find_iteration(hub, id, options.iteration));
    TRY(auto const url,
        export_url(context, hub,
                   training_path({"projects", id, "iterations", text_member(iteration, "id"), "export"}),
                   options));
    HubClient::Request request;
    request.url = url;
    request.save_to = options.out;
    auto const progress = progress_for(context);
    request.progress = [&](std::uint64_t done, std::uint64_t total) {
        progress({"fetching", done, total, ProgressReport::Unit::Bytes});
    };
    TRY_STATUS(hub.send(request));
    auto const size = fs::file_size(options.out, error);
    print_result(context.json,
                 {{"project", id},
                  {"iteration", text_member(iteration, "id")},
                  {"platform", options.platform},
                  {"path", options.out},
                  {"bytes", size}},
                 fmt::format("{}: {} bytes\n", printable(options.out), size));
    return 0;
}

}  // namespace

void add_vision_export_command(CLI::App& vision, Chosen& chosen) {
    auto* const command = vision.add_subcommand("export", "Fetch a trained iteration as a file");
    auto const options = std::make_shared<Options>();
    command->add_option("PROJECT", options->project)->required();
    command->add_option("--out", options->out, "File to write (.zip)")->required();
    command->add_option("--iteration", options->iteration, "Which (default: the one trained last)");
    command->add_option("--platform", options->platform, "ONNX, or Ounce for a model package")
        ->capture_default_str();
    command->add_option("--flavor", options->flavor, "Of the platform, where it has several");
    command->footer("Example: ounce vision export leopards --platform Ounce --out leopards.zip\n");
    choose(*command, chosen, options, run_export);
}

}  // namespace ounce::cli
