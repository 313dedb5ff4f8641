#include "train/trainer.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>

#include "base/file.hpp"
#include "base/parallel.hpp"
#include "train/golden.hpp"
#include "train/held_out.hpp"
#include "train/looks.hpp"
#include "train/model_export.hpp"
#include "train/near_duplicates.hpp"

namespace ounce::train {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kExportTolerance = 1e-4;
constexpr std::uint64_t kModelBytesMax = std::uint64_t{1} << 30;

/// Writes down how long each step took.
class StepClock {
  public:
    explicit StepClock(std::vector<std::pair<std::string, double>>& seconds) : seconds_(seconds) {}
    void done(std::string step) {
        auto const now = Clock::now();
        seconds_.emplace_back(std::move(step), std::chrono::duration<double>(now - last_).count());
        last_ = now;
    }

  private:
    std::vector<std::pair<std::string, double>>& seconds_;
    Clock::time_point last_ = Clock::now();
};

template <class T>
void drop(std::vector<T>& items, std::vector<std::uint8_t> const& keep) {
    std::size_t to = 0;
    for (std::size_t i = 0; i < keep.size(); ++i)
        if (keep[i] != 0 && to++ != i) items[to - 1] = std::move(items[i]);
    items.resize(to);
}

std::string data_set_hash(std::vector<Picture> const& pictures,
                          std::vector<PictureIdentity> const& identities) {
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < pictures.size(); ++i) {
        auto tags = pictures[i].tags;
        std::ranges::sort(tags);
        auto line = to_hex(identities[i].sha256);
        for (auto const& tag : tags) line += "\t" + tag;
        lines.push_back(std::move(line));
    }
    std::ranges::sort(lines);
    std::string whole;
    for (auto const& line : lines) whole += line + "\n";
    return crypto::sha256_hex(as_bytes(whole));
}

std::string now_utc() {
    auto const now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    auto const day = std::chrono::floor<std::chrono::days>(now);
    std::chrono::year_month_day const date(day);
    std::chrono::hh_mm_ss const time(now - day);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       time.hours().count(), time.minutes().count(), time.seconds().count());
}

/// The tag that means "nothing there": as asked for, else the one that is called so. A guess is told.
std::string negative_tag(TrainOptions const& options, Listing const& listing, vision::Kind kind,
                         std::vector<std::string>& warnings) {
    if (!options.negative.empty() || kind != vision::Kind::Multiclass) return options.negative;
    for (auto const& picture : listing.pictures) {
        for (auto const& tag : picture.tags) {
            if (!means_nothing_there(tag)) continue;
            warnings.push_back(
                fmt::format("'{}' is taken to mean that nothing is there (--negative {}); rename the tag if "
                            "it means something else",
                            tag, tag));
            return tag;
        }
    }
    return {};
}

/// What a person should know before trusting the numbers.
void add_warnings(TrainReport& report, Dataset const& dataset) {
    for (std::size_t k = 0; k < dataset.tags.size(); ++k) {
        std::set<int> groups;
        std::size_t pictures = 0;
        bool single = false;
        for (std::size_t i = 0; i < report.groups.size(); ++i) {
            if (!dataset.labels.has(i, k)) continue;
            ++pictures;
            if (report.groups[i] < 0)
                single = true;
            else
                groups.insert(report.groups[i]);
        }
        if (!single && groups.size() == 1)
            report.warnings.push_back(fmt::format(
                "all {} pictures of '{}' belong to one group: whether it is recognised elsewhere could "
                "not be measured",
                pictures, dataset.tags[k]));
        else if (pictures < 30)
            report.warnings.push_back(
                fmt::format("'{}' has only {} pictures: its numbers are rough, 30 or more are better",
                            dataset.tags[k], pictures));
    }
    if (!report.evaluation.label_doubts.empty())
        report.warnings.push_back(fmt::format(
            "{} pictures may carry a wrong tag (the model firmly says otherwise): look at label_doubts",
            report.evaluation.label_doubts.size()));
}

/// One call of train(): its steps, in order, and what they hand on.
class Training {
  public:
    Training(TrainOptions const& options, Backbone backbone, ProgressSink const& progress,
             std::stop_token stop)
        : options_(options),
          progress_(progress),
          stop_(std::move(stop)),
          threads_(options.threads > 0 ? options.threads : processor_count()),
          clock_(report_.seconds),
          extractor_(std::move(backbone), below(options.cache, "features"), threads_),
          budget_(options.budget_minutes) {}

    Result<TrainReport> run() {
        TRY_STATUS(list_what_there_is());
        TRY_STATUS(look_at_pictures());
        TRY_STATUS(number_what_could_be_read());
        keep_together_what_belongs_together();
        TRY_STATUS(choose());
        TRY(auto const head, fit_chosen_head());
        measure();
        TRY_STATUS(export_and_check(head));
        TRY_STATUS(write());
        return std::move(report_);
    }

  private:
    /// A candidate of the choice.
    struct Way {
        std::size_t look;
        Pooling pooling;
        bool augmented;
    };

    static CacheOptions below(CacheOptions cache, char const* name) {
        if (!cache.folder.empty()) cache.folder /= name;
        return cache;
    }

    /// Where the pictures came from, for messages.
    [[nodiscard]] std::string source() const {
        return options_.listing ? "the pictures" : options_.pictures.string();
    }

    /// What there is, before anything costly.
    Status list_what_there_is() {
        if (options_.listing) {
            listing_ = *options_.listing;
        } else {
            TRY(listing_, list_pictures(options_.pictures));
        }
        auto const single_tag = [](Picture const& picture) { return picture.tags.size() == 1; };
        auto const guess = std::ranges::all_of(listing_.pictures, single_tag) ? vision::Kind::Multiclass
                                                                              : vision::Kind::Multilabel;
        kind_ = options_.kind.value_or(guess);
        TRY(identities_, identify_pictures(listing_, kind_ == vision::Kind::Multilabel, options_.cache,
                                           threads_, progress_, stop_));
        negative_ = negative_tag(options_, listing_, kind_, report_.warnings);
        auto const checked = number_tags(listing_.pictures, kind_, negative_);
        if (!checked) return fail(checked.error().in(source()));
        for (std::size_t i = 0; i < identities_.size(); ++i)
            files_.push_back({listing_.pictures[i].path, identities_[i].sha256});
        clock_.done("pictures");
        return {};
    }

    /// Features, at one side or at as many as the budget allows.
    Status look_at_pictures() {
        std::vector<int> sides{options_.side_px > 0 ? options_.side_px : extractor_.backbone().input_px};
        if (options_.choose_side) sides = {224, 448, 640};
        for (int const side : sides) {
            if (!looks_.empty() && !budget_.has_room(side, files_.size())) {
                report_.warnings.push_back(
                    fmt::format("side {} was not tried: it would take longer than the budget of {} minutes",
                                side, budget_.minutes()));
                break;
            }
            TRY(auto table, look(side, View::Plain));
            looks_.push_back({side, {}});
            looks_.back().views.push_back(std::move(table));
            leave_out_unreadable();
        }
        return {};
    }

    Result<FeatureTable> look(int side_px, View view) {
        TRY(auto table, extractor_.extract(files_, side_px, view, progress_, stop_));
        budget_.spend(table, side_px);
        report_.pictures_computed += table.computed;
        return table;
    }

    /// What the latest look could not read.
    void leave_out_unreadable() {
        auto const& errors = looks_.back().views[0].errors;
        std::vector<std::uint8_t> keep(files_.size(), 1);
        for (std::size_t i = 0; i < files_.size(); ++i) {
            if (!errors[i]) continue;
            listing_.problems.push_back({listing_.pictures[i].name, errors[i]->message});
            keep[i] = 0;
        }
        if (std::ranges::find(keep, 0) == keep.end()) return;
        drop(listing_.pictures, keep);
        drop(identities_, keep);
        drop(files_, keep);
        for (auto& one : looks_) drop_rows(one.views[0], keep);
    }

    Status number_what_could_be_read() {
        auto numbered = number_tags(listing_.pictures, kind_, negative_);
        if (!numbered) return fail(numbered.error().in(source() + ", without unreadable pictures"));
        dataset_ = std::move(*numbered);
        for (std::size_t i = 0; i < files_.size(); ++i)
            if (looks_[0].views[0].damaged[i] != 0)
                listing_.problems.push_back(
                    {listing_.pictures[i].name, "damaged; what could be saved of it was used"});
        clock_.done("features");
        return {};
    }

    /// Groups as known, joined where pictures are nearly the same.
    void keep_together_what_belongs_together() {
        groups_ = known_groups(listing_, identities_, report_.group_source);
        join_near_duplicates();
        auto parts = count_parts();
        if (parts < 2) {
            flatters_ = true;
            report_.warnings.emplace_back(
                "all pictures belong to one group: they are measured one by one, which flatters");
            std::ranges::fill(groups_, -1);
            parts = groups_.size();
        }
        folds_ = static_cast<int>(std::min<std::size_t>(static_cast<std::size_t>(options_.folds), parts));
        clock_.done("near-duplicates");
    }

    void join_near_duplicates() {
        auto const pairs =
            find_near_duplicates(looks_[0].views[0].hashes, picked(looks_[0], Pooling::Average));
        report_.near_duplicates = pairs.size();
        auto merged = merged_groups(groups_, pairs);
        std::map<int, std::size_t> sizes;
        for (int const group : merged) ++sizes[group];
        std::size_t largest = 0;
        for (auto const& [group, size] : sizes) largest = std::max(largest, size);
        if (largest * 2 <= merged.size() && sizes.size() >= 2)
            groups_ = std::move(merged);
        else if (!pairs.empty()) {
            flatters_ = true;
            report_.warnings.push_back(fmt::format(
                "{} pairs of pictures are nearly the same and lie on both sides of the measure: the "
                "numbers flatter, and `ounce sift` will promise nothing on them",
                pairs.size()));
        }
    }

    [[nodiscard]] std::size_t count_parts() const {
        std::set<int> distinct;
        std::size_t alone = 0;
        for (int const group : groups_) {
            if (group < 0)
                ++alone;
            else
                distinct.insert(group);
        }
        return distinct.size() + alone;
    }

    /// Side, pooling and strength.
    Status choose() {
        std::vector<Pooling> poolings{Pooling::Average, Pooling::Maximum, Pooling::Top};
        if (options_.level == TrainOptions::Level::Advanced) poolings.push_back(Pooling::AverageMaximum);
        if (options_.pooling) poolings = {*options_.pooling};
        for (std::size_t l = 0; l < looks_.size(); ++l) add_ways(l, poolings, false);
        TRY(report_.validation, validate());
        if (options_.level == TrainOptions::Level::Advanced) TRY_STATUS(try_augmented());
        auto const& way = ways_[report_.validation.chosen.candidate];
        report_.side_px = looks_[way.look].side_px;
        report_.pooling = way.pooling;
        report_.augmented = way.augmented;
        clock_.done("cross-validation");
        return {};
    }

    void add_ways(std::size_t which, std::vector<Pooling> const& poolings, bool augmented) {
        for (auto const pooling : poolings) {
            matrices_.push_back(picked(looks_[which], pooling));
            ways_.push_back({which, pooling, augmented});
            report_.candidate_names.push_back(fmt::format(
                "{} at {}{}", to_string(pooling), looks_[which].side_px, augmented ? ", augmented" : ""));
        }
    }

    [[nodiscard]] HeadOptions head_options() const {
        HeadOptions head{.kind = kind_, .loss = options_.loss};
        head.stop = stop_;
        return head;
    }

    Result<CrossValidation> validate() {
        CrossValidationOptions validation;
        validation.head = head_options();
        validation.folds = folds_;
        validation.seed = options_.seed;
        validation.threads = threads_;
        validation.stop = stop_;
        std::vector<Candidate> candidates;
        for (std::size_t m = 0; m < matrices_.size(); ++m)
            candidates.push_back({report_.candidate_names[m], &matrices_[m]});
        if (progress_) progress_({"choosing the head", 0, 0});
        return cross_validate(candidates, dataset_.labels, groups_, validation);
    }

    /// The best way so far once more, with changed copies of each picture, as many as the budget allows.
    Status try_augmented() {
        auto const best = ways_[report_.validation.chosen.candidate];
        auto& again = looks_[best.look];
        for (auto const view : augmented_views()) {
            if (!budget_.has_room(again.side_px, files_.size())) {
                report_.warnings.push_back(
                    fmt::format("augmentation stopped before '{}': the budget of {} minutes is spent",
                                to_string(view), budget_.minutes()));
                break;
            }
            TRY(auto table, look(again.side_px, view));
            again.views.push_back(std::move(table));
        }
        if (again.views.size() == 1) return {};
        add_ways(best.look, {best.pooling}, true);
        TRY(report_.validation, validate());
        return {};
    }

    Result<LinearHead> fit_chosen_head() {
        auto const chosen = report_.validation.chosen.candidate;
        Candidate const winner{report_.candidate_names[chosen], &matrices_[chosen]};
        auto head = fit_chosen(winner, dataset_.labels, report_.validation, head_options());
        if (stop_.stop_requested()) return fail(Code::Cancelled, "stopped while fitting the head");
        clock_.done("head");
        return head;
    }

    /// Everything that the package tells about the model.
    void measure() {
        auto& info = package_.info;
        info.name = !options_.name.empty() ? options_.name : options_.out.filename().string();
        if (info.name.empty()) info.name = options_.out.parent_path().filename().string();
        info.created = now_utc();
        info.kind = kind_;
        auto const& tags = dataset_.tags;
        for (std::size_t k = 0; k < tags.size(); ++k)
            info.tags.push_back({tags[k], options_.threshold, dataset_.has_negative && k + 1 == tags.size()});
        info.recipe = recipe_at(extractor_.backbone(), report_.side_px);
        report_.groups = groups_;
        report_.probabilities = report_.validation.probabilities;
        report_.labels = dataset_.labels;
        for (auto const& picture : listing_.pictures) report_.names.push_back(picture.name);
        EvaluationInput measured{kind_,           info.tags, &report_.probabilities,
                                 &report_.labels, groups_,   options_.seed};
        report_.evaluation = evaluate(measured);
        add_warnings(report_, dataset_);
        OrderedJson metrics = to_json(report_.evaluation, measured, report_.names, 0);
        metrics["how"] =
            fmt::format("{}-fold cross-validation, groups apart ({})", folds_, report_.group_source);
        info.metrics = Json::parse(dump_json(metrics));
        info.lineage = lineage();
        std::string pictures_file;
        for (auto const& identity : identities_) pictures_file += to_hex(identity.sha256) + "\n";
        package_.extras[kTrainingPicturesFile] = Bytes(pictures_file.begin(), pictures_file.end());
        if (!flatters_) {
            auto const held_out = held_out_json(tags, report_.labels, report_.probabilities, groups_,
                                                burst_groups(identities_));
            package_.extras[kHeldOutFile] = Bytes(held_out.begin(), held_out.end());
        }
        clock_.done("evaluation");
    }

    [[nodiscard]] Json lineage() const {
        auto const& backbone = extractor_.backbone();
        return {{"backbone", backbone.name + "@" + backbone.version},
                {"backbone_sha256", backbone.onnx_sha256},
                {"data_set", data_set_hash(listing_.pictures, identities_)},
                {"photographs", files_.size()},
                {"seed", options_.seed},
                {"side_px", report_.side_px},
                {"pooling", to_string(report_.pooling)},
                {"head", options_.loss == Loss::Logistic ? "logistic" : "svm"},
                {"l2", report_.validation.chosen.l2},
                {"temperature", report_.validation.chosen.temperature},
                {"augmented", report_.augmented},
                {"program", "ounce " + options_.program_version}};
    }

    /// One graph out, and proof that it says what was trained.
    Status export_and_check(LinearHead const& head) {
        if (progress_) progress_({"writing the package", 0, 0});
        auto const& backbone = extractor_.backbone();
        TRY(auto const path, backbone_model_path(backbone));
        TRY(auto const model, read_file(path, kModelBytesMax));
        TRY(package_.model, export_model(model, static_cast<std::size_t>(backbone.feature_count),
                                         report_.side_px, backbone.stride_px, report_.pooling, head));
        auto const& all_views = matrices_[report_.validation.chosen.candidate];
        Matrix plain(files_.size(), all_views.columns);
        std::copy_n(all_views.values.begin(), plain.values.size(), plain.values.begin());
        auto direct = head.logits(plain);
        to_probabilities(kind_, direct);
        TRY(report_.export_difference,
            add_golden(package_, files_, choose_golden(files_, dataset_.labels), direct, threads_));
        if (!(report_.export_difference <= kExportTolerance))
            return fail(Code::Internal,
                        "the exported model differs from the trained one by {}; nothing was written",
                        report_.export_difference);
        clock_.done("export");
        return {};
    }

    Status write() {
        TrainedSet const set{options_,        extractor_,      listing_.pictures, identities_,
                             files_,          dataset_,        groups_,           report_.probabilities,
                             report_.side_px, report_.pooling, threads_};
        for (auto const& step : options_.extra_steps) TRY_STATUS(step(set, package_, progress_, stop_));
        if (!options_.extra_steps.empty()) clock_.done("extra steps");
        if (stop_.stop_requested()) return fail(Code::Cancelled, "stopped before the package was written");
        TRY_STATUS(vision::write_package(options_.out, package_, options_.private_key_pem));
        clock_.done("package");
        report_.info = std::move(package_.info);
        report_.problems = std::move(listing_.problems);
        return {};
    }

    TrainOptions const& options_;
    ProgressSink const& progress_;
    std::stop_token stop_;
    int threads_;
    TrainReport report_;
    StepClock clock_;
    FeatureExtractor extractor_;
    LookBudget budget_;
    vision::Package package_;

    Listing listing_;
    vision::Kind kind_ = vision::Kind::Multiclass;
    std::string negative_;                     // the tag, or empty
    std::vector<PictureIdentity> identities_;  // one a picture
    std::vector<PictureFile> files_;           // one a picture
    Dataset dataset_;
    std::vector<int> groups_;  // never to be torn apart
    bool flatters_ = false;    // the numbers do: nothing may be promised on them
    int folds_ = 0;
    std::vector<Look> looks_;
    std::vector<Way> ways_;         // the candidates
    std::vector<Matrix> matrices_;  // one a candidate
};

}  // namespace

Result<TrainReport> train(TrainOptions const& options, ProgressSink const& progress, std::stop_token stop) {
    if (options.folds < 2 || options.folds > 50)
        return fail(Code::InvalidArgument, "{} folds: from 2 to 50 are possible", options.folds);
    TRY(auto backbone, options.backbone.empty() ? Result<Backbone>(backbone_catalogue().front())
                                                : find_backbone(options.backbone));
    return Training(options, std::move(backbone), progress, std::move(stop)).run();
}

}  // namespace ounce::train
