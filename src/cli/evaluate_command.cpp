#include <fmt/format.h>

#include <memory>

#include "base/file.hpp"
#include "base/install.hpp"
#include "cli/commands.hpp"
#include "cli/evaluation_table.hpp"
#include "cli/output.hpp"
#include "train/model_evaluation.hpp"

namespace ounce::cli {
namespace {

constexpr std::uint64_t kKeyBytesMax = 64 << 10;

struct Typed {
    std::string model;
    std::string pictures;
    std::string key;
    double threshold = -1;
    int threads = 0;
};

CommandResult run_evaluation(Context const& context, Typed const& typed) {
    train::ModelEvaluationOptions options;
    options.model = typed.model;
    options.pictures = typed.pictures;
    if (typed.threshold >= 0) options.threshold = typed.threshold;
    options.threads = typed.threads;
    options.cache.folder = cache_folder();
    if (!typed.key.empty()) {
        TRY(auto const pem, read_file(typed.key, kKeyBytesMax));
        options.public_key_pem = std::string(as_text(pem));
    }
    auto const sink = context.quiet ? ProgressSink() : stderr_progress();
    TRY(auto const report, train::evaluate_model(options, sink, context.stop));
    train::EvaluationInput const measured{report.info.kind, report.info.tags, &report.probabilities,
                                          &report.labels,   report.groups,    1};
    if (context.json) {
        auto answers = OrderedJson::array();
        for (std::size_t i = 0; i < report.names.size(); ++i) {
            auto const row = report.probabilities.row(i);
            answers.push_back(
                {{"path", report.names[i]}, {"probabilities", std::vector<float>(row.begin(), row.end())}});
        }
        print(dump_json(OrderedJson{{"model", typed.model},
                                    {"groups", report.group_source},
                                    {"evaluation", to_json(report.evaluation, measured, report.names)},
                                    {"answers", std::move(answers)},
                                    {"learnt_from", report.learnt_from},
                                    {"unknown_tags", report.unknown_tags},
                                    {"problems", problems_json(report.problems)},
                                    {"warnings", report.warnings},
                                    {"seconds", report.seconds}}) +
              "\n");
    } else {
        print("\n" + evaluation_table(report.evaluation, measured, report.names) + "\n" +
              problems_text(report.problems, report.warnings) +
              fmt::format("{} pictures in {:.1f} s ({})\n", report.names.size(), report.seconds,
                          report.group_source));
    }
    return 0;
}

}  // namespace

void add_evaluate_command(CLI::App& app, Chosen& chosen) {
    auto* const command = app.add_subcommand("evaluate", "Measure a model on other tagged pictures");
    auto const typed = std::make_shared<Typed>();
    command
        ->add_option("PICTURES", typed->pictures,
                     "Folder with one folder for each tag, or a CSV (path,tag,group)")
        ->required();
    command->add_option("--model", typed->model, "Package folder, or a model.pb with labels.txt beside it")
        ->required();
    command->add_option("--threshold", typed->threshold, "Instead of the package's own")
        ->check(CLI::Range(0.0, 1.0));
    command->add_option("--public-key", typed->key,
                        "Public key (PEM, Ed25519) that must have signed the package");
    command->add_option("--threads", typed->threads, "0: all processors")->check(CLI::Range(0, 1024));
    command->footer("Example: ounce evaluate --model leopard.package other-photographs/\n");
    command->callback([&chosen, typed] {
        chosen = [typed](Context const& context) { return run_evaluation(context, *typed); };
    });
}

}  // namespace ounce::cli
