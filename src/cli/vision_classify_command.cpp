#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>

#include "base/file.hpp"
#include "base/parallel.hpp"
#include "cli/hub_command.hpp"
#include "cli/output.hpp"
#include "cli/pictures.hpp"
#include "cli/vision_client.hpp"
#include "cli/vision_commands.hpp"

namespace ounce::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kPictureBytesMax = 64 << 20;  // the hub takes less, and says so itself
constexpr std::size_t kBlockSize = 16;                // pictures whose answers are written together
constexpr int kConnections = 4;
constexpr std::size_t kTagsInLine = 3;

struct Options {
    std::string project;
    std::string published;
    std::vector<std::string> paths;
};

Result<Json> ask(HubClient& hub, std::string const& path, fs::path const& picture) {
    TRY(auto const content, read_file(picture, kPictureBytesMax));
    HubClient::Request request;
    request.method = "POST";
    request.url = path;
    request.headers.set("Content-Type", "application/octet-stream");
    request.body = std::string(as_text(content));
    TRY(auto const response, hub.send_again(request));
    return parse_json(response.body);
}

/// As `ounce predict` writes it: {"path", "predictions": [{"tag", "probability"}]} or {"path", "error"}.
OrderedJson object_of(fs::path const& path, Result<Json> const& answer) {
    OrderedJson line{{"path", path.string()}};
    if (!answer) {
        line["error"] = {{"code", to_string(answer.error().code)}, {"message", answer.error().message}};
        return line;
    }
    line["predictions"] = OrderedJson::array();
    for (auto const& each : answer->value("predictions", Json::array()))
        line["predictions"].push_back(
            {{"tag", text_member(each, "tagName")}, {"probability", each.value("probability", 0.0)}});
    return line;
}

std::string text_of(OrderedJson const& line) {
    auto text = printable(line.at("path").get<std::string>());
    if (line.contains("error"))
        return fmt::format("{}  error: {}\n", text, line.at("error").at("message").get<std::string>());
    auto const& predictions = line.at("predictions");
    for (std::size_t i = 0; i < std::min(kTagsInLine, predictions.size()); ++i)
        text += fmt::format("  {:<16} {:.3f}", printable(predictions[i].at("tag").get<std::string>()),
                            predictions[i].at("probability").get<double>());
    return text + "\n";
}

CommandResult classify(Context const& context, Options const& options) {
    TRY(auto const pictures, find_pictures({options.paths.begin(), options.paths.end()}));
    TRY(auto hub, open_hub(context));
    TRY(auto const project, find_project(hub, options.project));
    auto const path =
        "/customvision/v3.1/prediction" + path_of({text_member(project, "id"), "classify", "iterations",
                                                   options.published, "image", "nostore"});

    std::vector<HubClient> clients;
    for (int i = 0; i < kConnections; ++i) clients.push_back(hub.another());
    auto const progress = pictures.size() <= kBlockSize || stdout_is_terminal()
                              ? ProgressSink([](ProgressReport const&) {})
                              : progress_for(context);
    bool some_failed = false;
    for (std::size_t first = 0; first < pictures.size(); first += kBlockSize) {
        std::vector<std::optional<Result<Json>>> answers(std::min(kBlockSize, pictures.size() - first));
        // Client k takes each kConnections-th picture: none is used by two threads.
        parallel_for(clients.size(), kConnections, [&](std::size_t k) {
            for (auto i = k; i < answers.size() && !context.stop.stop_requested(); i += kConnections)
                answers[i] = ask(clients[k], path, pictures[first + i]);
        });
        for (std::size_t i = 0; i < answers.size(); ++i) {
            if (!answers[i] || (!*answers[i] && answers[i]->error().code == Code::Cancelled))
                return fail(Code::Cancelled, "stopped before {}; {} of {} pictures are done",
                            pictures[first + i].string(), first + i, pictures.size());
            auto const line = object_of(pictures[first + i], *answers[i]);
            some_failed |= line.contains("error");
            print(context.json ? dump_json(line) + "\n" : text_of(line));
        }
        progress({"pictures", first + answers.size(), pictures.size()});
    }
    return some_failed ? kSomeFailed : 0;
}

}  // namespace

void add_vision_classify_command(CLI::App& vision, Chosen& chosen) {
    auto* const command = vision.add_subcommand("classify", "Ask a published iteration what pictures show");
    auto const options = std::make_shared<Options>();
    command->add_option("PROJECT", options->project)->required();
    command->add_option("NAME", options->published, "As 'ounce vision publish' named it")->required();
    command->add_option("PICTURES", options->paths, "Pictures, or folders of pictures")->required();
    command->footer(
        "With --json a line for each picture, as 'ounce predict' writes it. Exit status 3 if some failed.\n"
        "Example: ounce vision classify leopards current new/*.jpg --json\n");
    choose(*command, chosen, options, classify);
}

}  // namespace ounce::cli
