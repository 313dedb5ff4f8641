#include "train/model_evaluation.hpp"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <set>

#include "base/file.hpp"
#include "base/parallel.hpp"
#include "train/trainer.hpp"

namespace ounce::train {
namespace {

/// The pictures that a package says it learnt from; empty for a model that does not say.
std::set<std::string> training_pictures(std::filesystem::path const& model,
                                        std::optional<std::string> const& public_key_pem) {
    std::set<std::string> known;
    auto const package = vision::read_package(model, {.public_key_pem = public_key_pem});
    if (!package) return known;  // a model.pb, say: it was opened already, so it is a model
    auto const found = package->extras.find(kTrainingPicturesFile);
    if (found == package->extras.end()) return known;
    auto text = as_text(found->second);
    while (!text.empty()) {
        auto const end = text.find('\n');
        known.emplace(text.substr(0, end));
        text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    }
    return known;
}

}  // namespace

Result<ModelEvaluationReport> evaluate_model(ModelEvaluationOptions const& options,
                                             ProgressSink const& progress, std::stop_token stop) {
    ModelEvaluationReport report;
    int const threads = options.threads > 0 ? options.threads : processor_count();
    vision::Classifier::Options opening;
    opening.public_key_pem = options.public_key_pem;
    TRY(auto const classifier, vision::Classifier::open(options.model, opening));
    report.info = classifier.info();
    if (options.threshold)
        for (auto& tag : report.info.tags) tag.threshold = *options.threshold;
    std::vector<std::string> tags;
    for (auto const& tag : report.info.tags) tags.push_back(tag.name);
    bool const multiclass = report.info.kind == vision::Kind::Multiclass;

    TRY(auto listing, list_pictures(options.pictures));
    TRY(auto identities, identify_pictures(listing, !multiclass, options.cache, threads, progress, stop));
    auto const learnt = training_pictures(options.model, options.public_key_pem);
    auto labels = label_as(listing.pictures, tags, report.unknown_tags);
    auto const groups = known_groups(listing, identities, report.group_source);

    auto const started = std::chrono::steady_clock::now();
    auto const count = listing.pictures.size();
    Matrix answers(count, tags.size());
    std::vector<std::optional<std::string>> reasons(count);
    std::mutex one_at_a_time;
    std::uint64_t done = 0;
    parallel_for(count, threads, [&](std::size_t i) {
        if (stop.stop_requested()) return;
        if (multiclass && labels.first(i) == labels.classes) {
            reasons[i] = "its tag is none of the model's";
        } else {
            auto const bytes = read_file(listing.pictures[i].path, kPictureBytesMax);
            auto const answer =
                bytes ? classifier.classify(*bytes) : Result<vision::Classification>(fail(bytes.error()));
            if (!answer)
                reasons[i] = answer.error().message;
            else
                for (auto const& prediction : answer->predictions) {
                    auto const k = std::ranges::find(tags, prediction.tag) - tags.begin();
                    answers.row(i)[static_cast<std::size_t>(k)] = static_cast<float>(prediction.probability);
                }
        }
        std::lock_guard const lock(one_at_a_time);
        if (progress) progress({"asking the model", ++done, count});
    });
    if (stop.stop_requested()) return fail(Code::Cancelled, "stopped while asking the model");
    report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();

    report.labels.classes = tags.size();
    report.probabilities.columns = tags.size();
    for (std::size_t i = 0; i < count; ++i) {
        if (reasons[i]) {
            listing.problems.push_back({listing.pictures[i].name, *reasons[i]});
            continue;
        }
        report.names.push_back(listing.pictures[i].name);
        report.groups.push_back(groups[i]);
        auto const row = answers.row(i);
        report.probabilities.values.insert(report.probabilities.values.end(), row.begin(), row.end());
        auto const* const on = &labels.on[i * tags.size()];
        report.labels.on.insert(report.labels.on.end(), on, on + tags.size());
        report.learnt_from += learnt.contains(to_hex(identities[i].sha256)) ? 1 : 0;
    }
    report.probabilities.rows = report.names.size();
    report.problems = std::move(listing.problems);
    if (report.names.empty())
        return fail(
            Code::FailedPrecondition,
            "{}: no picture could be measured: the model knows {} tags, and no readable picture has one",
            options.pictures.string(), tags.size());
    if (report.learnt_from > 0)
        report.warnings.push_back(
            fmt::format("the model learnt from {} of these {} pictures: the numbers flatter",
                        report.learnt_from, report.names.size()));
    for (auto const& tag : report.unknown_tags)
        report.warnings.push_back(fmt::format("the model does not know the tag '{}'", tag));
    report.evaluation = evaluate(
        {report.info.kind, report.info.tags, &report.probabilities, &report.labels, report.groups, 1});
    return report;
}

}  // namespace ounce::train
