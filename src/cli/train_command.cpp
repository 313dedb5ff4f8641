#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "base/file.hpp"
#include "base/install.hpp"
#include "cli/commands.hpp"
#include "cli/evaluation_table.hpp"
#include "cli/output.hpp"
#include "train/background_training.hpp"
#include "train/trainer.hpp"

namespace ounce::cli {
namespace {

constexpr std::uint64_t kKeyBytesMax = 64 << 10;

/// The options as typed.
struct Typed {
    std::string pictures;
    std::string out;
    std::string name;
    std::string backbone;
    std::string side = "default";
    std::string pooling = "auto";
    std::string kind = "auto";
    std::string negative;
    std::string head = "logistic";
    std::string level = "quick";
    double budget = 10;
    std::uint64_t seed = 1;
    int folds = 5;
    double threshold = 0.5;
    int threads = 0;
    std::string key;
    std::string cache;
    double cache_gib = 4;
    bool no_cache = false;
};

Result<train::TrainOptions> understood(Typed const& typed) {
    train::TrainOptions options;
    options.pictures = typed.pictures;
    options.out = typed.out;
    options.name = typed.name;
    options.backbone = typed.backbone;
    options.choose_side = typed.side == "auto";
    if (typed.side != "auto" && typed.side != "default") {
        bool const digits = !typed.side.empty() && typed.side.size() <= 5 &&
                            typed.side.find_first_not_of("0123456789") == std::string::npos;
        if (!digits)
            return fail(Code::InvalidArgument, "--side {}: must be a number of pixels or 'auto'", typed.side);
        options.side_px = std::stoi(typed.side);
        if (options.side_px == 0) return fail(Code::InvalidArgument, "--side 0: must be 32 at least");
    }
    if (typed.pooling != "auto") options.pooling = train::find_pooling(typed.pooling);
    if (typed.kind != "auto")
        options.kind = typed.kind == "multilabel" ? vision::Kind::Multilabel : vision::Kind::Multiclass;
    options.negative = typed.negative;
    options.loss = typed.head == "svm" ? train::Loss::Svm : train::Loss::Logistic;
    options.level =
        typed.level == "advanced" ? train::TrainOptions::Level::Advanced : train::TrainOptions::Level::Quick;
    options.budget_minutes = typed.budget;
    options.seed = typed.seed;
    options.folds = typed.folds;
    options.threshold = typed.threshold;
    options.threads = typed.threads;
    options.program_version = OUNCE_VERSION;
    options.extra_steps.push_back(train::add_background_head);
    if (!typed.key.empty()) {
        TRY(auto const pem, read_file(typed.key, kKeyBytesMax));
        options.private_key_pem = std::string(as_text(pem));
    }
    if (!typed.no_cache)
        options.cache.folder = typed.cache.empty() ? cache_folder() : std::filesystem::path(typed.cache);
    options.cache.bytes_max = static_cast<std::uint64_t>(typed.cache_gib * 1024 * 1024 * 1024);
    return options;
}

OrderedJson summary(train::TrainReport const& report, train::EvaluationInput const& measured,
                    std::string const& out) {
    auto scores = OrderedJson::array();
    for (auto const& score : report.validation.scores)
        scores.push_back({{"candidate", report.candidate_names[score.candidate]},
                          {"l2", score.l2},
                          {"loss", score.loss},
                          {"accuracy", score.accuracy}});
    OrderedJson seconds;
    double total = 0;
    for (auto const& [step, time] : report.seconds) {
        seconds[step] = time;
        total += time;
    }
    seconds["total"] = total;
    auto answers = OrderedJson::array();
    for (std::size_t i = 0; i < report.names.size(); ++i) {
        auto const row = report.probabilities.row(i);
        answers.push_back({{"path", report.names[i]},
                           {"fold", report.validation.fold_of[i]},
                           {"probabilities", std::vector<float>(row.begin(), row.end())}});
    }
    return {{"package", out},
            {"name", report.info.name},
            {"kind", report.info.kind == vision::Kind::Multiclass ? "multiclass" : "multilabel"},
            {"lineage", report.info.lineage},
            {"groups", report.group_source},
            {"near_duplicates", report.near_duplicates},
            {"evaluation", to_json(report.evaluation, measured, report.names)},
            {"background", report.info.metrics.value("background", Json())},
            {"out_of_fold", std::move(answers)},
            {"candidates", std::move(scores)},
            {"problems", problems_json(report.problems)},
            {"warnings", report.warnings},
            {"pictures_computed", report.pictures_computed},
            {"export_difference", report.export_difference},
            {"seconds", std::move(seconds)}};
}

/// What the step about cameras' backgrounds measured, for a person; empty if it did not run.
std::string background_text(Json const& metrics) {
    auto const found = metrics.find("background");
    if (found == metrics.end() || !found->is_object()) return {};
    auto const& background = *found;
    auto const frames = background.value("frames", std::size_t{0});
    std::string text;
    if (frames > 0) {
        text = fmt::format("With each camera's own background ({} cameras, {} frames)",
                           background.value("cameras", std::size_t{0}), frames);
        if (background.contains("gate_area_under_roc"))
            text += fmt::format(": empty against animal AUC {:.2f}",
                                background["gate_area_under_roc"].get<double>());
        if (background.contains("tag_accuracy")) {
            auto const& right = background["tag_accuracy"];
            text += fmt::format("{} right tag in {:.2f} [{:.2f}-{:.2f}] of {} frames with an animal",
                                background.contains("gate_area_under_roc") ? ";" : ":",
                                right.value("value", 0.0), right.value("low", 0.0), right.value("high", 0.0),
                                right.value("of", std::size_t{0}));
        }
        text += "\n";
    }
    auto note = background.value("note", std::string());
    while (!note.empty() && note.back() == ' ') note.pop_back();
    if (!note.empty()) text += fmt::format("Background: {}\n", printable(note));
    return text.empty() ? text : text + "\n";
}

CommandResult run_training(Context const& context, Typed const& typed) {
    TRY(auto const options, understood(typed));
    auto const sink = context.quiet ? ProgressSink() : stderr_progress();
    TRY(auto const report, train::train(options, sink, context.stop));
    train::EvaluationInput const measured{report.info.kind, report.info.tags, &report.probabilities,
                                          &report.labels,   report.groups,    options.seed};
    if (context.json) {
        print(dump_json(summary(report, measured, typed.out)) + "\n");
        return 0;
    }
    double total = 0;
    for (auto const& [step, time] : report.seconds) total += time;
    print(fmt::format("\nMeasured on pictures that the model had not learnt from ({}-fold, {}):\n\n",
                      report.validation.by_fold.size(), report.group_source) +
          evaluation_table(report.evaluation, measured, report.names) + "\n" +
          background_text(report.info.metrics) + problems_text(report.problems, report.warnings) +
          fmt::format("{} photographs, {} pooling at {}{}, {:.1f} s ({} looked at, the rest remembered)\n"
                      "written: {}\n",
                      report.names.size(), train::to_string(report.pooling), report.side_px,
                      report.augmented ? ", augmented" : "", total, report.pictures_computed,
                      printable(typed.out)));
    return 0;
}

}  // namespace

void add_train_command(CLI::App& app, Chosen& chosen) {
    auto* const command =
        app.add_subcommand("train", "Learn from tagged photographs and write a model package");
    auto const typed = std::make_shared<Typed>();
    command
        ->add_option("PICTURES", typed->pictures,
                     "Folder with one folder for each tag, or a CSV (path,tag,group)")
        ->required();
    command->add_option("--out", typed->out, "Package folder to write")->required();
    command->add_option("--name", typed->name, "Name of the model (default: that of the package folder)");
    command->add_option("--kind", typed->kind, "One tag a picture, or any number (default: as the tags are)")
        ->check(CLI::IsMember({"auto", "multiclass", "multilabel"}));
    command->add_option("--negative", typed->negative, "The tag that means none of these, for example empty");
    command->add_option("--level", typed->level, "advanced looks at changed copies of each picture too")
        ->check(CLI::IsMember({"quick", "advanced"}))
        ->capture_default_str();
    command->add_option("--budget", typed->budget, "Minutes that --level advanced and --side auto may take")
        ->check(CLI::Range(0.0, 100'000.0))
        ->capture_default_str();
    command->add_option("--side", typed->side,
                        "Side of the model's input in pixels (224, 320, 448, 640), or auto");
    command
        ->add_option("--pooling", typed->pooling, "How the map becomes features (default: cross-validated)")
        ->check(CLI::IsMember({"auto", "average", "maximum", "topk", "average+maximum"}));
    command->add_option("--backbone", typed->backbone, "See 'ounce backbone list' (default: the first)");
    command->add_option("--head", typed->head, "Logistic regression or linear SVM")
        ->check(CLI::IsMember({"logistic", "svm"}))
        ->capture_default_str();
    command->add_option("--threshold", typed->threshold, "From which probability on a tag counts as seen")
        ->check(CLI::Range(0.0, 1.0))
        ->capture_default_str();
    command->add_option("--folds", typed->folds, "Parts of the cross-validation")
        ->check(CLI::Range(2, 50))
        ->capture_default_str();
    command->add_option("--seed", typed->seed, "Same seed, same model")->capture_default_str();
    command->add_option("--key", typed->key, "Private key (PEM, Ed25519) that signs the package");
    command->add_option("--threads", typed->threads, "0: all processors")->check(CLI::Range(0, 1024));
    command->add_option("--cache", typed->cache, "Folder where features are remembered");
    command->add_option("--cache-gib", typed->cache_gib, "The most that it may take")
        ->check(CLI::Range(0.0, 1e6))
        ->capture_default_str();
    command->add_flag("--no-cache", typed->no_cache, "Remember nothing");
    command->footer(
        "Example: ounce train photographs/ --out leopard.package --negative empty\n"
        "docs/TRAINING.md tells how to prepare photographs and what the numbers mean.\n");
    command->callback([&chosen, typed] {
        chosen = [typed](Context const& context) { return run_training(context, *typed); };
    });
}

}  // namespace ounce::cli
