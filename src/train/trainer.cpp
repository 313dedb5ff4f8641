#include "train/trainer.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <set>

#include "base/file.hpp"
#include "base/parallel.hpp"
#include "train/held_out.hpp"
#include "train/model_export.hpp"
#include "train/near_duplicates.hpp"
#include "vision/decode.hpp"

namespace ounce::train {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kExportTolerance = 1e-4;
constexpr std::size_t kGoldenMax = 8;
constexpr std::uint64_t kGoldenBytesMax = std::uint64_t{24} << 20;
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

/// The pictures looked at in one way: a side, and views one after the other (the first is Plain).
struct Looked {
    int side_px = 0;
    std::vector<FeatureTable> views;
};

Matrix picked(Looked const& looked, Pooling pooling) {
    auto const pictures = looked.views[0].pooled.rows;
    auto const width = looked.views[0].pooled.columns / 3 * (pooling == Pooling::AverageMaximum ? 2 : 1);
    Matrix matrix(pictures * looked.views.size(), width);
    for (std::size_t v = 0; v < looked.views.size(); ++v)
        for (std::size_t i = 0; i < pictures; ++i)
            std::ranges::copy(pick_pooling(looked.views[v].pooled.row(i), pooling),
                              matrix.row(v * pictures + i).begin());
    return matrix;
}

void drop_rows(FeatureTable& table, std::vector<std::uint8_t> const& keep) {
    std::size_t to = 0;
    auto const width = table.pooled.columns;
    for (std::size_t i = 0; i < keep.size(); ++i) {
        if (keep[i] == 0) continue;
        if (to != i) {
            std::ranges::copy(table.pooled.row(i), table.pooled.row(to).begin());
            table.hashes[to] = table.hashes[i];
            table.damaged[to] = table.damaged[i];
            table.errors[to] = table.errors[i];
        }
        ++to;
    }
    table.pooled.rows = to;
    table.pooled.values.resize(to * width);
    table.hashes.resize(to);
    table.damaged.resize(to);
    table.errors.resize(to);
}

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

/// The smallest file of each tag in turn, until there are enough: a package should stay light.
std::vector<std::size_t> choose_golden(std::vector<PictureFile> const& files, Labels const& labels) {
    std::vector<std::pair<std::uintmax_t, std::size_t>> by_size;
    for (std::size_t i = 0; i < files.size(); ++i) {
        std::error_code error;
        auto const size = std::filesystem::file_size(files[i].path, error);
        if (!error) by_size.emplace_back(size, i);
    }
    std::ranges::sort(by_size);
    std::vector<std::size_t> chosen;
    std::uintmax_t bytes = 0;
    std::vector<std::size_t> have(labels.classes + 1, 0);
    for (std::size_t round = 1; chosen.size() < kGoldenMax && round <= kGoldenMax; ++round) {
        for (auto const& [size, i] : by_size) {
            auto& count = have[labels.first(i)];
            if (count >= round || chosen.size() >= kGoldenMax) continue;
            if (!chosen.empty() && bytes + size > kGoldenBytesMax) continue;
            if (std::ranges::find(chosen, i) != chosen.end()) continue;
            ++count;
            bytes += size;
            chosen.push_back(i);
        }
    }
    return chosen;
}

std::string file_ending(vision::Format format) {
    switch (format) {
        case vision::Format::Jpeg:
            return "jpg";
        case vision::Format::Png:
            return "png";
        case vision::Format::Bmp:
            return "bmp";
        case vision::Format::Gif:
            return "gif";
        case vision::Format::WebP:
            return "webp";
    }
    return "jpg";
}

/// Runs the exported model on golden pictures and holds the answers against `expected`, a row each picture of
/// the set. Returns the largest difference.
Result<double> add_golden(vision::Package& package, std::vector<PictureFile> const& files,
                          std::vector<std::size_t> const& golden, Matrix const& expected, int threads) {
    TRY(auto const session, vision::Session::create(package.model));
    std::vector<vision::GoldenImage> images(golden.size());
    std::vector<Result<double>> differences(golden.size(), 0.0);
    auto const one = [&](std::size_t g) -> Result<double> {
        auto const i = golden[g];
        TRY(auto content, read_file(files[i].path, kPictureBytesMax));
        TRY(auto const header, vision::read_header(content));
        auto const& recipe = package.info.recipe;
        vision::DecodeOptions options;
        options.shorter_side_min_px = vision::decode_shorter_side_px(recipe);
        options.orient = recipe.orient;
        TRY(auto const decoded, vision::decode(content, options));
        TRY(auto const input, vision::apply(recipe, decoded.image));
        TRY(auto outputs, session.run(input, {package.info.output}));
        double difference = 0;
        for (std::size_t k = 0; k < expected.columns; ++k)
            difference = std::max(difference, std::abs(static_cast<double>(outputs[0].values[k]) -
                                                       static_cast<double>(expected.row(i)[k])));
        images[g] = {fmt::format("golden-{}.{}", g + 1, file_ending(header.format)), std::move(content),
                     std::move(outputs[0].values)};
        return difference;
    };
    parallel_for(golden.size(), threads, [&](std::size_t g) { differences[g] = one(g); });
    double largest = 0;
    for (auto& difference : differences) {
        if (!difference) return fail(difference.error().in("checking the exported model"));
        largest = std::max(largest, *difference);
    }
    package.golden = std::move(images);
    return largest;
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

}  // namespace

Result<TrainReport> train(TrainOptions const& options, ProgressSink const& progress, std::stop_token stop) {
    TrainReport report;
    StepClock clock(report.seconds);
    int const threads = options.threads > 0 ? options.threads : processor_count();
    TRY(auto backbone, options.backbone.empty() ? Result<Backbone>(backbone_catalogue().front())
                                                : find_backbone(options.backbone));
    if (options.folds < 2 || options.folds > 50)
        return fail(Code::InvalidArgument, "{} folds: from 2 to 50 are possible", options.folds);

    // What there is, before anything costly.
    TRY(auto listing, list_pictures(options.pictures));
    auto const single_tag = [](Picture const& picture) { return picture.tags.size() == 1; };
    auto const kind =
        options.kind.value_or(std::ranges::all_of(listing.pictures, single_tag) ? vision::Kind::Multiclass
                                                                                : vision::Kind::Multilabel);
    TRY(auto identities,
        identify_pictures(listing, kind == vision::Kind::Multilabel, options.cache, threads, progress, stop));
    auto const negative = negative_tag(options, listing, kind, report.warnings);
    auto const checked = number_tags(listing.pictures, kind, negative);
    if (!checked) return fail(checked.error().in(options.pictures.string()));
    std::vector<PictureFile> files;
    for (std::size_t i = 0; i < identities.size(); ++i)
        files.push_back({listing.pictures[i].path, identities[i].sha256});
    clock.done("pictures");

    // Features, at one side or at as many as the budget allows.
    CacheOptions feature_cache = options.cache;
    if (!feature_cache.folder.empty()) feature_cache.folder /= "features";
    FeatureExtractor extractor(backbone, feature_cache, threads);
    std::vector<Looked> looks;
    double spent = 0;
    double seconds_per_pixel = 0;
    std::vector<int> sides{options.side_px > 0 ? options.side_px : backbone.input_px};
    if (options.choose_side) sides = {224, 448, 640};
    for (int const side : sides) {
        double const pixels = static_cast<double>(side) * side * static_cast<double>(files.size());
        if (!looks.empty() && spent + seconds_per_pixel * pixels > options.budget_minutes * 60) {
            report.warnings.push_back(
                fmt::format("side {} was not tried: it would take longer than the budget of {} minutes", side,
                            options.budget_minutes));
            break;
        }
        TRY(auto table, extractor.extract(files, side, View::Plain, progress, stop));
        if (table.computed > 0)
            seconds_per_pixel = std::max(
                seconds_per_pixel,
                table.seconds / (static_cast<double>(side) * side * static_cast<double>(table.computed)));
        spent += table.seconds;
        report.pictures_computed += table.computed;
        std::vector<std::uint8_t> keep(files.size(), 1);
        for (std::size_t i = 0; i < files.size(); ++i) {
            if (!table.errors[i]) continue;
            listing.problems.push_back({listing.pictures[i].name, table.errors[i]->message});
            keep[i] = 0;
        }
        looks.push_back({side, {}});
        looks.back().views.push_back(std::move(table));
        if (std::ranges::find(keep, 0) != keep.end()) {
            drop(listing.pictures, keep);
            drop(identities, keep);
            drop(files, keep);
            for (auto& look : looks) drop_rows(look.views[0], keep);
        }
    }
    auto numbered = number_tags(listing.pictures, kind, negative);
    if (!numbered)
        return fail(numbered.error().in(options.pictures.string() + ", without unreadable pictures"));
    auto const& dataset = *numbered;
    for (std::size_t i = 0; i < files.size(); ++i)
        if (looks[0].views[0].damaged[i] != 0)
            listing.problems.push_back(
                {listing.pictures[i].name, "damaged; what could be saved of it was used"});
    clock.done("features");

    // Pictures that belong together stay together.
    auto groups = known_groups(listing, identities, report.group_source);
    bool flatters = false;  // the numbers do: nothing may be promised on them
    {
        auto const average = picked(looks[0], Pooling::Average);
        auto const pairs = find_near_duplicates(looks[0].views[0].hashes, average);
        report.near_duplicates = pairs.size();
        auto merged = merged_groups(groups, pairs);
        std::map<int, std::size_t> sizes;
        for (int const group : merged) ++sizes[group];
        std::size_t largest = 0;
        for (auto const& [group, size] : sizes) largest = std::max(largest, size);
        if (largest * 2 <= merged.size() && sizes.size() >= 2)
            groups = std::move(merged);
        else if (!pairs.empty()) {
            flatters = true;
            report.warnings.push_back(fmt::format(
                "{} pairs of pictures are nearly the same and lie on both sides of the measure: the "
                "numbers flatter, and `ounce sift` will promise nothing on them",
                pairs.size()));
        }
    }
    std::set<int> distinct;
    std::size_t alone = 0;
    for (int const group : groups) {
        if (group < 0)
            ++alone;
        else
            distinct.insert(group);
    }
    if (distinct.size() + alone < 2) {
        flatters = true;
        report.warnings.emplace_back(
            "all pictures belong to one group: they are measured one by one, which flatters");
        std::ranges::fill(groups, -1);
        alone = groups.size();
        distinct.clear();
    }
    int const folds = static_cast<int>(
        std::min<std::size_t>(static_cast<std::size_t>(options.folds), distinct.size() + alone));
    clock.done("near-duplicates");

    // Choose side, pooling and strength.
    std::vector<Pooling> poolings{Pooling::Average, Pooling::Maximum, Pooling::Top};
    if (options.level == TrainOptions::Level::Advanced) poolings.push_back(Pooling::AverageMaximum);
    if (options.pooling) poolings = {*options.pooling};
    CrossValidationOptions validation;
    validation.head = {.kind = kind, .loss = options.loss};
    validation.head.stop = stop;
    validation.folds = folds;
    validation.seed = options.seed;
    validation.threads = threads;
    validation.stop = stop;
    std::vector<Matrix> matrices;
    struct Way {
        std::size_t look;
        Pooling pooling;
        bool augmented;
    };
    std::vector<Way> ways;
    auto const add_ways = [&](std::size_t look, std::vector<Pooling> const& which, bool augmented) {
        for (auto const pooling : which) {
            matrices.push_back(picked(looks[look], pooling));
            ways.push_back({look, pooling, augmented});
            report.candidate_names.push_back(fmt::format(
                "{} at {}{}", to_string(pooling), looks[look].side_px, augmented ? ", augmented" : ""));
        }
    };
    auto const validate = [&]() -> Result<CrossValidation> {
        std::vector<Candidate> candidates;
        for (std::size_t m = 0; m < matrices.size(); ++m)
            candidates.push_back({report.candidate_names[m], &matrices[m]});
        if (progress) progress({"choosing the head", 0, 0});
        return cross_validate(candidates, dataset.labels, groups, validation);
    };
    for (std::size_t look = 0; look < looks.size(); ++look) add_ways(look, poolings, false);
    TRY(report.validation, validate());
    if (options.level == TrainOptions::Level::Advanced) {
        auto const best = ways[report.validation.chosen.candidate];
        auto& look = looks[best.look];
        double const pixels =
            static_cast<double>(look.side_px) * look.side_px * static_cast<double>(files.size());
        for (auto const view : augmented_views()) {
            if (spent + seconds_per_pixel * pixels > options.budget_minutes * 60) {
                report.warnings.push_back(
                    fmt::format("augmentation stopped before '{}': the budget of {} minutes is spent",
                                to_string(view), options.budget_minutes));
                break;
            }
            TRY(auto table, extractor.extract(files, look.side_px, view, progress, stop));
            spent += table.seconds;
            report.pictures_computed += table.computed;
            look.views.push_back(std::move(table));
        }
        if (look.views.size() > 1) {
            add_ways(best.look, {best.pooling}, true);
            TRY(report.validation, validate());
        }
    }
    auto const& chosen = report.validation.chosen;
    auto const way = ways[chosen.candidate];
    report.side_px = looks[way.look].side_px;
    report.pooling = way.pooling;
    report.augmented = way.augmented;
    clock.done("cross-validation");

    Candidate const winner{report.candidate_names[chosen.candidate], &matrices[chosen.candidate]};
    auto const head = fit_chosen(winner, dataset.labels, report.validation, validation.head);
    if (stop.stop_requested()) return fail(Code::Cancelled, "stopped while fitting the head");
    clock.done("head");

    // Measure.
    vision::Package package;
    auto& info = package.info;
    info.name = !options.name.empty() ? options.name : options.out.filename().string();
    if (info.name.empty()) info.name = options.out.parent_path().filename().string();
    info.created = now_utc();
    info.kind = kind;
    for (std::size_t k = 0; k < dataset.tags.size(); ++k)
        info.tags.push_back(
            {dataset.tags[k], options.threshold, dataset.has_negative && k + 1 == dataset.tags.size()});
    info.recipe = recipe_at(backbone, report.side_px);
    report.groups = groups;
    report.probabilities = report.validation.probabilities;
    report.labels = dataset.labels;
    for (auto const& picture : listing.pictures) report.names.push_back(picture.name);
    EvaluationInput measured{kind, info.tags, &report.probabilities, &report.labels, groups, options.seed};
    report.evaluation = evaluate(measured);
    add_warnings(report, dataset);
    OrderedJson metrics = to_json(report.evaluation, measured, report.names, 0);
    metrics["how"] = fmt::format("{}-fold cross-validation, groups apart ({})", folds, report.group_source);
    info.metrics = Json::parse(dump_json(metrics));
    info.lineage = {{"backbone", backbone.name + "@" + backbone.version},
                    {"backbone_sha256", backbone.onnx_sha256},
                    {"data_set", data_set_hash(listing.pictures, identities)},
                    {"photographs", files.size()},
                    {"seed", options.seed},
                    {"side_px", report.side_px},
                    {"pooling", to_string(report.pooling)},
                    {"head", options.loss == Loss::Logistic ? "logistic" : "svm"},
                    {"l2", chosen.l2},
                    {"temperature", chosen.temperature},
                    {"augmented", report.augmented},
                    {"program", "ounce " + options.program_version}};
    std::string pictures_file;
    for (auto const& identity : identities) pictures_file += to_hex(identity.sha256) + "\n";
    package.extras[kTrainingPicturesFile] = Bytes(pictures_file.begin(), pictures_file.end());
    if (!flatters) {
        auto const held_out = held_out_json(dataset.tags, report.labels, report.probabilities, groups,
                                            burst_groups(identities));
        package.extras[kHeldOutFile] = Bytes(held_out.begin(), held_out.end());
    }
    clock.done("evaluation");

    // One graph out, and proof that it says what was trained.
    if (progress) progress({"writing the package", 0, 0});
    TRY(auto const backbone_path, backbone_model_path(backbone));
    TRY(auto const backbone_model, read_file(backbone_path, kModelBytesMax));
    TRY(package.model, export_model(backbone_model, static_cast<std::size_t>(backbone.feature_count),
                                    report.side_px, backbone.stride_px, report.pooling, head));
    Matrix plain = matrices[chosen.candidate];
    plain.rows = files.size();
    plain.values.resize(plain.rows * plain.columns);
    auto direct = head.logits(plain);
    to_probabilities(kind, direct);
    TRY(report.export_difference,
        add_golden(package, files, choose_golden(files, dataset.labels), direct, threads));
    if (!(report.export_difference <= kExportTolerance))
        return fail(Code::Internal,
                    "the exported model differs from the trained one by {}; nothing was written",
                    report.export_difference);
    clock.done("export");

    TrainedSet const set{options,        extractor,      listing.pictures, identities,
                         files,          dataset,        report.groups,    report.probabilities,
                         report.side_px, report.pooling, threads};
    for (auto const& step : options.extra_steps) TRY_STATUS(step(set, package, progress, stop));
    if (!options.extra_steps.empty()) clock.done("extra steps");
    if (stop.stop_requested()) return fail(Code::Cancelled, "stopped before the package was written");
    TRY_STATUS(vision::write_package(options.out, package, options.private_key_pem));
    clock.done("package");
    report.info = std::move(package.info);
    report.problems = std::move(listing.problems);
    return report;
}

}  // namespace ounce::train
