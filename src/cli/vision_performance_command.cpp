#include <memory>

#include "cli/hub_command.hpp"
#include "cli/output.hpp"
#include "cli/table.hpp"
#include "cli/vision_client.hpp"
#include "cli/vision_commands.hpp"

namespace ounce::cli {
namespace {

struct Options {
    std::string project;
    std::string iteration;
    double threshold = 0.5;
};

/// "0.914", or "0.914 +-0.03"; "-" where it was not measured.
std::string measure(Json const& numbers, char const* key, char const* deviation_key = "") {
    auto const value = numbers.value(key, Json());
    if (!value.is_number()) return "-";
    auto text = fmt::format("{:.3f}", value.get<double>());
    auto const deviation = numbers.value(deviation_key, Json());
    if (deviation.is_number() && deviation.get<double>() > 0)
        text += fmt::format(" ±{:.3f}", deviation.get<double>());
    return text;
}

std::vector<std::string> row(std::string name, Json const& numbers) {
    return {std::move(name), measure(numbers, "precision", "precisionStdDeviation"),
            measure(numbers, "recall", "recallStdDeviation"), measure(numbers, "averagePrecision")};
}

CommandResult performance(Context const& context, Options const& options) {
    TRY(auto hub, open_hub(context));
    TRY(auto const project, find_project(hub, options.project));
    auto const id = text_member(project, "id");
    TRY(auto const iteration, find_iteration(hub, id, options.iteration));
    TRY(auto const measured,
        hub.get(training_path({"projects", id, "iterations", text_member(iteration, "id"), "performance"}) +
                query_of({{"threshold", fmt::format("{}", options.threshold)}})));
    if (!measured.is_object()) return fail(Code::DataLoss, "the hub's answer is not understood");
    std::vector<std::vector<std::string>> rows{{"TAG", "PRECISION", "RECALL", "AVERAGE PRECISION"}};
    for (auto const& tag : measured.value("perTagPerformance", Json::array()))
        if (tag.is_object()) rows.push_back(row(text_member(tag, "name"), tag));
    rows.push_back(row("all", measured));
    auto object = OrderedJson(measured);
    object["iteration"] = text_member(iteration, "id");
    object["threshold"] = options.threshold;
    print_result(
        context.json, object,
        fmt::format("{}, measured on pictures that it had not learnt from, from probability {} on:\n\n",
                    printable(text_member(iteration, "name")), options.threshold) +
            table(rows));
    return 0;
}

}  // namespace

void add_vision_performance_command(CLI::App& vision, Chosen& chosen) {
    auto* const command = vision.add_subcommand("performance", "How good a trained iteration is");
    auto const options = std::make_shared<Options>();
    command->add_option("PROJECT", options->project)->required();
    command->add_option("--iteration", options->iteration, "Which (default: the one trained last)");
    command->add_option("--threshold", options->threshold, "From which probability on a tag counts as seen")
        ->check(CLI::Range(0.0, 1.0))
        ->capture_default_str();
    command->footer("Example: ounce vision performance leopards --threshold 0.8\n");
    choose(*command, chosen, options, performance);
}

}  // namespace ounce::cli
