#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "base/file.hpp"
#include "base/json.hpp"
#include "base/parallel.hpp"
#include "base/progress.hpp"
#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "cli/pictures.hpp"
#include "vision/classifier.hpp"

namespace ounce::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kPictureBytesMax = std::uint64_t{256} << 20;
constexpr std::uint64_t kKeyBytesMax = 16 << 10;
constexpr std::size_t kTagsInTable = 3;
constexpr std::size_t kPathWidthMax = 60;

struct Options {
    std::string model;
    std::vector<std::string> paths;
    std::string public_key;
    double threshold = 0;
};

using Answer = Result<vision::Classification>;

Answer answer_for(vision::Classifier const& classifier, fs::path const& path, double threshold) {
    TRY(auto const content, read_file(path, kPictureBytesMax));
    TRY(auto answer, classifier.classify(content));
    std::erase_if(answer.predictions, [&](auto const& each) { return each.probability < threshold; });
    return answer;
}

/// {"path": ..., "predictions": [...]} or {"path": ..., "error": {...}}; "damaged" only where it applies.
std::string json_line(fs::path const& path, Answer const& answer) {
    OrderedJson line{{"path", path.string()}};
    if (!answer) {
        line["error"] = {{"code", to_string(answer.error().code)}, {"message", answer.error().message}};
        return dump_json(line) + "\n";
    }
    line["predictions"] = OrderedJson::array();
    for (auto const& [tag, probability] : answer->predictions)
        line["predictions"].push_back({{"tag", tag}, {"probability", probability}});
    if (answer->damaged) line["damaged"] = answer->damage;
    return dump_json(line) + "\n";
}

std::string table_line(fs::path const& path, std::size_t path_width, Answer const& answer) {
    auto line = fmt::format("{:<{}}", printable(path.string()), path_width);
    if (!answer) return fmt::format("{}  error: {}\n", line, printable(answer.error().message));
    if (answer->predictions.empty()) line += "  -";
    for (std::size_t i = 0; i < std::min(kTagsInTable, answer->predictions.size()); ++i)
        line +=
            fmt::format("  {:<16} {:.3f}", answer->predictions[i].tag, answer->predictions[i].probability);
    if (answer->damaged) line += fmt::format("  (damaged: {})", printable(answer->damage));
    return line + "\n";
}

std::size_t path_width(std::vector<fs::path> const& paths) {
    std::size_t width = 0;
    for (auto const& path : paths) width = std::max(width, std::min(kPathWidthMax, path.string().size()));
    return width;
}

CommandResult predict(Context const& context, Options const& options) {
    vision::Classifier::Options opening;
    if (!options.public_key.empty()) {
        TRY(auto const pem, read_file(options.public_key, kKeyBytesMax));
        opening.public_key_pem = std::string(as_text(pem));
    }
    TRY(auto const classifier, vision::Classifier::open(options.model, opening));
    TRY(auto const paths, find_pictures({options.paths.begin(), options.paths.end()}));

    // Pictures are done in blocks, each written when it is whole: lines come in the order of the input, and
    // memory does not grow with the number of pictures.
    auto const threads = processor_count();
    auto const block_size = static_cast<std::size_t>(threads) * 16;
    auto const progress = context.quiet || paths.size() <= block_size || stdout_is_terminal()
                              ? ProgressSink([](ProgressReport const&) {})
                              : stderr_progress();
    auto const width = path_width(paths);
    bool some_failed = false;
    for (std::size_t first = 0; first < paths.size(); first += block_size) {
        std::vector<std::optional<Answer>> answers(std::min(block_size, paths.size() - first));
        parallel_for(answers.size(), threads, [&](std::size_t i) {
            if (!context.stop.stop_requested())
                answers[i] = answer_for(classifier, paths[first + i], options.threshold);
        });
        std::string text;
        for (std::size_t i = 0; i < answers.size(); ++i) {
            auto const& path = paths[first + i];
            if (!answers[i]) {
                print(text);
                return fail(Code::Cancelled, "stopped before {}; {} of {} files are done", path.string(),
                            first + i, paths.size());
            }
            some_failed |= !answers[i]->has_value();
            text += context.json ? json_line(path, *answers[i]) : table_line(path, width, *answers[i]);
        }
        print(text);
        progress({"pictures", first + answers.size(), paths.size()});
    }
    return some_failed ? kSomeFailed : 0;
}

}  // namespace

void add_predict_command(CLI::App& app, Chosen& chosen) {
    auto* const command = app.add_subcommand("predict", "Say what is on pictures");
    auto const options = std::make_shared<Options>();
    command
        ->add_option("--model", options->model,
                     "A package, or a TensorFlow export of Azure Custom Vision (model.pb, folder or .zip)")
        ->required();
    command->add_option("paths", options->paths, "Pictures, or folders of pictures")->required();
    command->add_option("--threshold", options->threshold, "Leave out tags less probable than this (0 to 1)")
        ->check(CLI::Range(0.0, 1.0));
    command->add_option("--public-key", options->public_key,
                        "PEM file: refuse a package that this key's owner did not sign");
    command->footer(
        "With --json a line for each file, in the order given: {\"path\": ..., \"predictions\": [{\"tag\": "
        "..., \"probability\": ...}]}, highest first, or {\"path\": ..., \"error\": {\"code\": ..., "
        "\"message\": ...}}; \"damaged\" tells why where a picture is not whole. Exit status 3 if some files "
        "failed.\n"
        "Example: ounce predict --model snow-leopard photos/ --json\n");
    command->callback([&chosen, options] {
        chosen = [options](Context const& context) { return predict(context, *options); };
    });
}

}  // namespace ounce::cli
