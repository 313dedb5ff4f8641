#include <cstdio>
#include <memory>

#include "base/file.hpp"
#include "base/progress.hpp"
#include "cli/commands.hpp"
#include "train/background_head.hpp"
#include "train/held_out.hpp"
#include "trap/audit.hpp"
#include "trap/background_scorer.hpp"
#include "trap/sift.hpp"
#include "trap/whole_picture_scorer.hpp"
#include "vision/package.hpp"

namespace ounce::cli {
namespace {

constexpr std::uint64_t kKeyBytesMax = 64 << 10;
constexpr std::uint64_t kAnswersBytesMax = std::uint64_t{64} << 20;
constexpr double kSecondsMax = 1e9;

struct SiftArguments {
    std::string folder;
    std::string out;
    std::string model;
    std::string backbone = "efficientnet-lite0";
    std::string target;
    std::string public_key;
    std::string zone;
    std::string voting = "mean";
    std::string method = "auto";
    double recall = 0.98;
    double confidence = 0.9;
    double burst_gap_s = 3;
    double event_gap_s = 120;
    std::uint64_t seed = 1;
    std::size_t audit_events = 100;
    std::size_t gallery_events = 500;
    int threads = 0;
};

struct AuditArguments {
    std::string out;
    std::string answers;
    double confidence = 0.95;
};

std::chrono::milliseconds seconds(double value) {
    return std::chrono::milliseconds(static_cast<std::int64_t>(value * 1000));
}

bool has_background(std::string const& model) {
    std::error_code error;
    return std::filesystem::is_regular_file(std::filesystem::path(model) / train::kBackgroundFile, error);
}

Result<std::unique_ptr<trap::Scorer>> open_scorer(SiftArguments const& arguments) {
    trap::BackgroundScorerOptions const background{.burst_gap = seconds(arguments.burst_gap_s)};
    bool const whole = arguments.method == "whole";
    if (arguments.model.empty())
        return whole ? trap::open_untrained_scorer(arguments.backbone)
                     : trap::open_untrained_background_scorer(arguments.backbone, background);
    vision::Classifier::Options options;
    if (!arguments.public_key.empty()) {
        TRY(auto const key, read_file(arguments.public_key, kKeyBytesMax));
        options.public_key_pem = std::string(as_text(key));
    }
    if (whole || (arguments.method == "auto" && !has_background(arguments.model)))
        return trap::open_whole_picture_scorer(arguments.model, options);
    return trap::open_background_scorer(arguments.model, options, background);
}

/// What the package says of held-out pictures, null if there is none (model.pb has no package).
/// Errors: InvalidArgument if it is no JSON.
Result<Json> held_out(std::string const& model, char const* file) {
    if (model.empty()) return Json();
    auto const package = vision::read_package(model);
    if (!package) return Json();  // the classifier opened it: a model.pb
    auto const found = package->extras.find(file);
    if (found == package->extras.end()) return Json();
    auto parsed = parse_json(as_text(found->second));
    if (!parsed) return fail(parsed.error().in(file));
    return parsed;
}

CommandResult run_sift(SiftArguments const& arguments, Context const& context) {
    if (arguments.out.empty())
        return fail(Code::InvalidArgument, "--out is missing: where should the results go?");
    trap::SiftOptions options;
    options.folder = arguments.folder;
    options.out = arguments.out;
    options.group.burst_gap = seconds(arguments.burst_gap_s);
    options.group.event_gap = seconds(arguments.event_gap_s);
    options.voting = arguments.voting == "max"        ? trap::Voting::Max
                     : arguments.voting == "noisy-or" ? trap::Voting::NoisyOr
                                                      : trap::Voting::MeanLogit;
    if (!arguments.target.empty()) options.target = arguments.target;
    options.recall = arguments.recall;
    options.confidence = arguments.confidence;
    if (!arguments.zone.empty()) {
        TRY(options.zone, trap::parse_zone(arguments.zone));
    }
    options.seed = arguments.seed;
    options.audit_events = arguments.audit_events;
    options.gallery_events = arguments.gallery_events;
    options.threads = arguments.threads;
    options.program = "ounce " OUNCE_VERSION;
    TRY(auto const scorer, open_scorer(arguments));
    // A scorer that looks at neighbours is the background's: its promise stands on answers made the same way.
    TRY(options.held_out, held_out(arguments.model, scorer->window() > 0 ? train::kBackgroundHeldOutFile
                                                                         : train::kHeldOutFile));
    auto const progress = context.quiet ? ProgressSink([](ProgressReport const&) {}) : stderr_progress();
    TRY(auto const summary, trap::sift(options, *scorer, progress, context.stop));
    auto const text = context.json ? dump_json(trap::to_json(summary)) + "\n" : trap::describe(summary);
    std::fputs(text.c_str(), stdout);
    return summary.unreadable > 0 ? kSomeFailed : 0;
}

CommandResult run_audit(AuditArguments const& arguments, Context const& context) {
    TRY(auto const file, read_file(arguments.answers, kAnswersBytesMax));
    auto const answers = trap::parse_answers(as_text(file));
    if (!answers) return fail(answers.error().in(arguments.answers));
    TRY(auto const report, trap::audit(arguments.out, *answers, arguments.confidence));
    auto const text = context.json ? dump_json(trap::to_json(report)) + "\n" : trap::describe(report);
    std::fputs(text.c_str(), stdout);
    return 0;
}

}  // namespace

void add_sift_command(CLI::App& app, Chosen& chosen) {
    auto const sift = std::make_shared<SiftArguments>();
    auto* const command =
        app.add_subcommand("sift", "Sift a season's camera-trap cards down to what is worth a person's time");
    command->require_subcommand(0, 1);
    command->add_option("FOLDER", sift->folder,
                        "The pictures, in folders as the cards have them; never changed");
    command->add_option("--out", sift->out,
                        "Where results go; give the same again to go on with a stopped run");
    command->add_option("--model", sift->model,
                        "Package (or model.pb); without it the pictures are ranked untrained");
    command->add_option("--target", sift->target, "The tag that ranks; without it any animal");
    command
        ->add_option("--recall", sift->recall, "Share of target events to keep, as promised by held-out data")
        ->capture_default_str();
    command->add_option("--confidence", sift->confidence, "Of that promise")->capture_default_str();
    command->add_option("--burst-gap", sift->burst_gap_s, "Seconds between pictures of one trigger, at most")
        ->capture_default_str()
        ->check(CLI::Range(0.0, kSecondsMax));
    command->add_option("--event-gap", sift->event_gap_s, "Seconds between bursts of one event, at most")
        ->capture_default_str()
        ->check(CLI::Range(0.0, kSecondsMax));
    command->add_option("--voting", sift->voting, "How an event's frames vote")
        ->capture_default_str()
        ->check(CLI::IsMember({"mean", "max", "noisy-or"}));
    command
        ->add_option(
            "--method", sift->method,
            "Each camera's own background, or whole pictures one by one (default: background if the model "
            "knows how)")
        ->check(CLI::IsMember({"auto", "background", "whole"}));
    command->add_option(
        "--zone", sift->zone,
        "The cameras' offset from UTC, like +06:00, where they write none. Default: UTC, marked as doubtful");
    command->add_option("--audit", sift->audit_events, "Events in the random sample of what is set aside")
        ->capture_default_str()
        ->check(CLI::Range(0, 100'000));
    command->add_option("--gallery", sift->gallery_events, "Events in the gallery, best first")
        ->capture_default_str()
        ->check(CLI::Range(1, 100'000));
    command->add_option("--seed", sift->seed, "Of that sample")->capture_default_str();
    command->add_option("--public-key", sift->public_key,
                        "The package must be signed by the owner of this key (PEM)");
    command->add_option("--backbone", sift->backbone, "The network that ranks without a model")
        ->capture_default_str();
    command->add_option("--threads", sift->threads, "0 = all processors")
        ->capture_default_str()
        ->check(CLI::Range(0, 1024));
    command->callback([command, sift, &chosen] {
        if (!command->get_subcommands().empty()) return;
        if (sift->folder.empty()) throw CLI::RequiredError("FOLDER");
        if (sift->out.empty()) throw CLI::RequiredError("--out");
        chosen = [sift](Context const& context) { return run_sift(*sift, context); };
    });

    auto const audit = std::make_shared<AuditArguments>();
    auto* const check =
        command->add_subcommand("audit", "Bound what was missed, from answers on the audit sample");
    check->add_option("DIR", audit->out, "What --out was")->required();
    check
        ->add_option("--answers", audit->answers,
                     "CSV with the columns event, answer (yes, no, other) and tag")
        ->required();
    check->add_option("--confidence", audit->confidence, "Of the bound")->capture_default_str();
    check->callback([audit, &chosen] {
        chosen = [audit](Context const& context) { return run_audit(*audit, context); };
    });
}

}  // namespace ounce::cli
