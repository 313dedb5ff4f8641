// Quality on the demo's camera-trap frames, step by step: which animal, is there one at all.
//
//   bench_quality MANIFEST.csv [CACHE]
//
// Sequences (visits) are never torn apart. Species: at most 10 frames a species from half of its sequences to
// learn from, the animal frames of all other sequences to answer for; ten seeds. Gate: empty against animal,
// group 5-fold over all frames, ten seeds. Each head's L2 is chosen by grouped cross-validation among the
// frames that it learns from. Prints tables in Markdown for docs/PERFORMANCE.md.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <ranges>
#include <set>

#include "base/file.hpp"
#include "base/install.hpp"
#include "base/parallel.hpp"
#include "base/random.hpp"
#include "train/background_frames.hpp"
#include "train/background_head.hpp"
#include "train/background_training.hpp"
#include "train/roc.hpp"
#include "train/trainer.hpp"

namespace {

using namespace ounce;
using namespace ounce::train;

constexpr int kSeeds = 10;
constexpr int kFolds = 5;
constexpr std::size_t kFramesPerSpecies = 10;

template <class T>
T must(Result<T> result) {
    if (result) return std::move(*result);
    fmt::print(stderr, "bench_quality: {}\n", result.error().message);
    std::exit(1);
}

void must(Status const& status) {
    if (status) return;
    fmt::print(stderr, "bench_quality: {}\n", status.error().message);
    std::exit(1);
}

/// The frames, as `ounce train` would learn from them.
struct Frames {
    TrainOptions options;
    FeatureExtractor extractor;
    Listing listing;
    std::vector<PictureIdentity> identities;
    std::vector<PictureFile> files;
    Dataset dataset;
    std::vector<int> sequences;
    Matrix whole_pictures;  // their answers: not asked here
    int threads;

    [[nodiscard]] TrainedSet set() {
        return {.options = options,
                .extractor = extractor,
                .pictures = listing.pictures,
                .identities = identities,
                .files = files,
                .dataset = dataset,
                .groups = sequences,
                .probabilities = whole_pictures,
                .side_px = 224,
                .pooling = Pooling::Average,
                .threads = threads};
    }
    [[nodiscard]] std::size_t species() const { return dataset.tags.size() - 1; }
    [[nodiscard]] std::size_t tag(std::size_t frame) const { return dataset.labels.first(frame); }
    [[nodiscard]] bool animal(std::size_t frame) const { return tag(frame) < species(); }
    [[nodiscard]] std::size_t count() const { return files.size(); }
};

Frames load(std::filesystem::path const& manifest, std::filesystem::path const& cache) {
    int const threads = processor_count();
    CacheOptions const kept{.folder = cache};
    Frames frames{.options = {},
                  .extractor = FeatureExtractor(backbone_catalogue().front(), kept, threads),
                  .listing = must(list_pictures(manifest)),
                  .identities = {},
                  .files = {},
                  .dataset = {},
                  .sequences = {},
                  .whole_pictures = {},
                  .threads = threads};
    frames.options.cache = kept;
    frames.identities = must(identify_pictures(frames.listing, false, kept, threads, {}, {}));
    for (std::size_t i = 0; i < frames.identities.size(); ++i)
        frames.files.push_back({frames.listing.pictures[i].path, frames.identities[i].sha256});
    frames.dataset = must(number_tags(frames.listing.pictures, vision::Kind::Multiclass, "empty"));
    std::string source;
    frames.sequences = known_groups(frames.listing, frames.identities, source);
    return frames;
}

Matrix whole_pictures(Frames& frames, int side_px, Pooling pooling) {
    auto const table =
        must(frames.extractor.extract(frames.files, side_px, View::Plain, stderr_progress(), {}));
    for (auto const& error : table.errors)
        if (error) must(Status(fail(*error)));
    Matrix features;
    for (std::size_t i = 0; i < frames.count(); ++i) {
        auto const row = pick_pooling(table.pooled.row(i), pooling);
        if (i == 0) features = Matrix(frames.count(), row.size());
        std::ranges::copy(row, features.row(i).begin());
    }
    return features;
}

/// What `ounce sift` sees: the score of each frame's change, and the features of what changed in those that
/// show an animal.
struct Changes {
    std::vector<double> scores;
    Matrix features;
};

Changes changes_of(Frames& frames) {
    auto const model = must(read_file(must(backbone_model_path(frames.extractor.backbone())), 1U << 28));
    auto const network =
        must(BackgroundNetwork::create(model, untrained_background_head(frames.extractor.backbone())));
    auto const set = frames.set();
    auto cameras = background_cameras(set);
    must(find_changes(cameras, set, network, stderr_progress(), {}));
    std::vector<BackgroundFrame*> animals;
    for (auto& camera : cameras)
        for (auto& frame : camera)
            if (frame.neighbours > 0 && frames.animal(frame.picture)) animals.push_back(&frame);
    must(find_changed_features(animals, set, network, stderr_progress(), {}));
    Changes changes{std::vector<double>(frames.count(), 0),
                    Matrix(frames.count(), animals.front()->features.size())};
    for (auto const& camera : cameras)
        for (auto const& frame : camera) changes.scores[frame.picture] = double{frame.score};
    for (auto const* const frame : animals)
        std::ranges::copy(frame->features, changes.features.row(frame->picture).begin());
    return changes;
}

Matrix rows_of(Matrix const& features, std::vector<std::size_t> const& rows) {
    Matrix picked(rows.size(), features.columns);
    for (std::size_t i = 0; i < rows.size(); ++i)
        std::ranges::copy(features.row(rows[i]), picked.row(i).begin());
    return picked;
}

std::vector<int> picked(std::vector<int> const& values, std::vector<std::size_t> const& rows) {
    std::vector<int> result;
    for (auto const row : rows) result.push_back(values[row]);
    return result;
}

/// The same with each row made 1 long, as features of what changed are.
Matrix unit_rows(Matrix features) {
    for (std::size_t i = 0; i < features.rows; ++i) {
        double length = 0;
        for (auto const value : features.row(i)) length += double{value} * double{value};
        for (auto& value : features.row(i)) value /= static_cast<float>(std::sqrt(length + 1e-12));
    }
    return features;
}

struct Split {
    std::vector<std::size_t> learn;
    std::vector<std::size_t> ask;
};

Split species_split(Frames const& frames, std::vector<int> const& sequences, int seed) {
    Random random(static_cast<std::uint64_t>(seed));
    Split split;
    std::set<int> learnt;
    for (std::size_t k = 0; k < frames.species(); ++k) {
        std::set<int> found;
        for (std::size_t i = 0; i < frames.count(); ++i)
            if (frames.tag(i) == k) found.insert(sequences[i]);
        std::vector<int> shuffled(found.begin(), found.end());
        random.shuffle(std::span(shuffled));
        shuffled.resize(shuffled.size() / 2);
        learnt.insert(shuffled.begin(), shuffled.end());
        std::vector<std::size_t> candidates;
        for (std::size_t i = 0; i < frames.count(); ++i)
            if (frames.tag(i) == k && std::ranges::find(shuffled, sequences[i]) != shuffled.end())
                candidates.push_back(i);
        random.shuffle(std::span(candidates));
        candidates.resize(std::min(candidates.size(), kFramesPerSpecies));
        split.learn.insert(split.learn.end(), candidates.begin(), candidates.end());
    }
    for (std::size_t i = 0; i < frames.count(); ++i)
        if (frames.animal(i) && !learnt.contains(sequences[i])) split.ask.push_back(i);
    return split;
}

struct Figures {
    std::vector<double> values;  // one a seed
    [[nodiscard]] double mean() const {
        double sum = 0;
        for (auto const value : values) sum += value;
        return sum / static_cast<double>(values.size());
    }
    [[nodiscard]] double deviation() const {
        double sum = 0;
        for (auto const value : values) sum += (value - mean()) * (value - mean());
        return std::sqrt(sum / static_cast<double>(values.size()));
    }
    [[nodiscard]] std::string text() const { return fmt::format("{:.3f} ± {:.3f}", mean(), deviation()); }
};

enum class Head {
    Whole,         // as `ounce train` fits whole pictures
    Changed,       // as it fits what changed
    ChangedAnyL2,  // the same, with the strengths of whole pictures to choose from
};

CrossValidationOptions validation(int seed, Head head) {
    CrossValidationOptions options;
    options.folds = kFolds;
    options.seed = static_cast<std::uint64_t>(seed);
    if (head == Head::Whole) return options;
    auto changed = for_changed_features(options);
    if (head == Head::ChangedAnyL2) changed.l2s = options.l2s;
    return changed;
}

struct Species {
    Figures frames{std::vector<double>(kSeeds)};
    Figures events{std::vector<double>(kSeeds)};
    std::map<std::size_t, int> chosen;  // of several candidates
};

/// Species from the candidate that cross-validation within the learning half prefers.
Species measure_species(Frames const& frames, std::vector<int> const& sequences,
                        std::vector<Matrix const*> const& candidates, Head how) {
    Species result;
    std::vector<std::size_t> choices(kSeeds);
    parallel_for(kSeeds, frames.threads, [&](std::size_t s) {
        auto const seed = static_cast<int>(s) + 1;
        auto const split = species_split(frames, sequences, seed);
        std::vector<int> tags;
        for (auto const i : split.learn) tags.push_back(static_cast<int>(frames.tag(i)));
        auto const labels = one_of(tags, frames.species());
        std::vector<Matrix> learn;
        for (auto const* const features : candidates) learn.push_back(rows_of(*features, split.learn));
        std::vector<Candidate> named;
        for (auto const& features : learn) named.push_back({"", &features});
        auto const options = validation(seed, how);
        auto const validated = must(cross_validate(named, labels, picked(sequences, split.learn), options));
        choices[s] = validated.chosen.candidate;
        auto const head = fit_chosen(named[choices[s]], labels, validated, options.head);
        auto const logits = head.logits(rows_of(*candidates[choices[s]], split.ask));
        double right = 0;
        std::map<int, std::vector<double>> events;  // sums of logits: log-probabilities but for a constant
        std::map<int, std::size_t> truth;
        for (std::size_t i = 0; i < split.ask.size(); ++i) {
            auto const row = logits.row(i);
            auto const best = static_cast<std::size_t>(std::ranges::max_element(row) - row.begin());
            right += best == frames.tag(split.ask[i]) ? 1 : 0;
            auto& sums = events.try_emplace(sequences[split.ask[i]], row.size(), 0.0).first->second;
            for (std::size_t k = 0; k < row.size(); ++k) sums[k] += double{row[k]};
            truth[sequences[split.ask[i]]] = frames.tag(split.ask[i]);
        }
        double right_events = 0;
        for (auto const& [event, sums] : events) {
            auto const best = static_cast<std::size_t>(std::ranges::max_element(sums) - sums.begin());
            right_events += best == truth[event] ? 1 : 0;
        }
        result.frames.values[s] = right / static_cast<double>(split.ask.size());
        result.events.values[s] = right_events / static_cast<double>(events.size());
    });
    for (auto const choice : choices) ++result.chosen[choice];
    return result;
}

/// What a gate that was fitted without a frame's fold says of the frame; `limits`: for each frame, the value
/// that keeps 95 % of the animals of the folds that the gate learnt from.
struct Gates {
    std::vector<double> values;
    std::vector<double> limits;
};

Gates gates_of(Matrix const& features, std::vector<int> const& truth, std::vector<int> const& sequences,
               int seed) {
    auto const fold_of = group_folds(one_of(truth, 2), sequences, kFolds, static_cast<std::uint64_t>(seed));
    Gates gates{std::vector<double>(truth.size()), std::vector<double>(truth.size())};
    for (int fold = 0; fold < kFolds; ++fold) {
        Split split;
        for (std::size_t i = 0; i < truth.size(); ++i)
            (fold_of[i] == fold ? split.ask : split.learn).push_back(i);
        if (split.ask.empty()) continue;
        auto const fitted = must(fit(rows_of(features, split.learn), one_of(picked(truth, split.learn), 2),
                                     picked(sequences, split.learn), validation(seed, Head::Whole)));
        auto const value = [&](Matrix const& logits, std::size_t i) {
            return double{logits.row(i)[1]} - double{logits.row(i)[0]};
        };
        auto const learnt = fitted.head.logits(rows_of(features, split.learn));
        std::vector<double> animals;
        for (std::size_t i = 0; i < split.learn.size(); ++i)
            if (truth[split.learn[i]] != 0) animals.push_back(value(learnt, i));
        std::ranges::sort(animals);
        auto const logits = fitted.head.logits(rows_of(features, split.ask));
        for (std::size_t i = 0; i < split.ask.size(); ++i) {
            gates.values[split.ask[i]] = value(logits, i);
            gates.limits[split.ask[i]] = animals[animals.size() / 20];
        }
    }
    return gates;
}

std::vector<std::uint8_t> positive(std::vector<int> const& truth) {
    return {truth.begin(), truth.end()};
}

struct GateFigures {
    Figures area{std::vector<double>(kSeeds)};
    Figures kept{std::vector<double>(kSeeds)};     // animals, at the limit set on other folds
    Figures dropped{std::vector<double>(kSeeds)};  // empties
};

GateFigures measure_gate(Frames const& frames, Matrix const& features, std::vector<int> const& truth) {
    GateFigures result;
    parallel_for(kSeeds, frames.threads, [&](std::size_t s) {
        auto const gates = gates_of(features, truth, frames.sequences, static_cast<int>(s) + 1);
        result.area.values[s] = area_under_roc(gates.values, positive(truth));
        double animals = 0;
        double kept = 0;
        double dropped = 0;
        for (std::size_t i = 0; i < truth.size(); ++i) {
            bool const keep = gates.values[i] >= gates.limits[i];
            animals += truth[i];
            kept += truth[i] != 0 && keep ? 1 : 0;
            dropped += truth[i] == 0 && !keep ? 1 : 0;
        }
        result.kept.values[s] = kept / animals;
        result.dropped.values[s] = dropped / (static_cast<double>(truth.size()) - animals);
    });
    return result;
}

/// Share of the empties below the score that keeps at least `recall` of the animals.
double dropped_at(std::vector<double> const& scores, std::vector<int> const& truth, double recall) {
    std::vector<double> animals;
    for (std::size_t i = 0; i < truth.size(); ++i)
        if (truth[i] != 0) animals.push_back(scores[i]);
    std::ranges::sort(animals);
    auto const lost = static_cast<std::size_t>((1 - recall) * static_cast<double>(animals.size()) + 1e-9);
    double dropped = 0;
    for (std::size_t i = 0; i < truth.size(); ++i)
        dropped += truth[i] == 0 && scores[i] < animals[lost] ? 1 : 0;
    return dropped / static_cast<double>(truth.size() - animals.size());
}

/// Empty or animal, with the two frames that were found to be tagged wrongly if `corrected`.
std::vector<int> animals_of(Frames const& frames, bool corrected) {
    std::vector<int> truth;
    for (std::size_t i = 0; i < frames.count(); ++i) {
        auto const& name = frames.listing.pictures[i].name;
        bool const wrong = name.ends_with("SEQ75710_IMG_0001.jpg") || name.ends_with("SEQ75680_IMG_0008.jpg");
        truth.push_back(frames.animal(i) || (corrected && wrong) ? 1 : 0);
    }
    return truth;
}

/// Sequences with the two that may be of one camera (both of wild boar) taken as one.
std::vector<int> joined_sequences(Frames const& frames) {
    auto sequences = frames.sequences;
    auto const number = [&](std::string_view name) {
        for (std::size_t i = 0; i < frames.count(); ++i)
            if (frames.listing.pictures[i].group == name) return sequences[i];
        return -1;
    };
    int const one = number("SEQ75709");
    std::ranges::replace(sequences, number("SEQ75710"), one);
    return sequences;
}

void print_cascade(Frames const& frames, std::vector<double> const& scores, std::vector<int> const& truth) {
    auto const head = untrained_background_head(frames.extractor.backbone());
    std::map<int, double> again;
    std::map<int, double> all;
    for (std::size_t i = 0; i < truth.size(); ++i) {
        all[truth[i]] += 1;
        again[truth[i]] += head.gate(scores[i]) >= kLookAgain ? 1 : 0;
    }
    double const empties = again[0] / all[0];
    double const animals = again[1] / all[1];
    fmt::print(
        "Second look (gate {} and more): {:.3f} of all frames, {:.3f} of animals, {:.3f} of empties; "
        "where one frame in 20 shows an animal: {:.3f}.\n",
        kLookAgain, (again[0] + again[1]) / (all[0] + all[1]), animals, empties,
        0.05 * animals + 0.95 * empties);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        fmt::print(stderr, "bench_quality: MANIFEST.csv [CACHE]\n");
        return 2;
    }
    auto frames = load(argv[1], argc > 2 ? std::filesystem::path(argv[2]) : cache_folder());
    auto const given = animals_of(frames, false);
    auto const corrected = animals_of(frames, true);

    struct Step {
        char const* name;
        Matrix features;
    };
    std::vector<Step> steps;
    steps.push_back({"whole picture at 224, average", whole_pictures(frames, 224, Pooling::Average)});
    steps.push_back({"+ size: 448, average", whole_pictures(frames, 448, Pooling::Average)});
    steps.push_back({"+ pooling: 448, maximum", whole_pictures(frames, 448, Pooling::Maximum)});
    steps.push_back({"+ pooling: 448, top tenth", whole_pictures(frames, 448, Pooling::Top)});
    steps.push_back({"+ more size: 640, maximum", whole_pictures(frames, 640, Pooling::Maximum)});
    auto const changes = changes_of(frames);

    fmt::print("{} frames, {} sequences.\n\n", frames.count(),
               std::set<int>(frames.sequences.begin(), frames.sequences.end()).size());
    fmt::print(
        "| step | species, a frame | species, a visit | empty or animal: AUC | AUC, two tags "
        "corrected |\n|---|---|---|---|---|\n");
    std::vector<Species> species;
    auto const print_row = [&](char const* name, Species const& found, Figures const& area,
                               Figures const& area_corrected) {
        fmt::print("| {} | {} | {} | {} | {} |\n", name, found.frames.text(), found.events.text(),
                   area.text(), area_corrected.text());
        std::fflush(stdout);
    };
    for (auto const& step : steps) {
        species.push_back(measure_species(frames, frames.sequences, {&step.features}, Head::Whole));
        print_row(step.name, species.back(), measure_gate(frames, step.features, given).area,
                  measure_gate(frames, step.features, corrected).area);
    }
    Matrix logarithms(frames.count(), 1);
    for (std::size_t i = 0; i < frames.count(); ++i)
        logarithms.values[i] = static_cast<float>(std::log(std::max(changes.scores[i], kScoreFloor)));
    auto const gate = measure_gate(frames, logarithms, given);
    auto const gate_corrected = measure_gate(frames, logarithms, corrected);
    species.push_back(measure_species(frames, frames.sequences, {&changes.features}, Head::Changed));
    print_row("+ background: 224 finds the change, 448 looks there", species.back(), gate.area,
              gate_corrected.area);

    fmt::print("\nPaired with the first row: better in {} of {} seeds a frame, {} a visit.\n",
               std::ranges::count_if(std::views::iota(0, kSeeds),
                                     [&](int s) {
                                         auto const i = static_cast<std::size_t>(s);
                                         return species.back().frames.values[i] >
                                                species.front().frames.values[i];
                                     }),
               kSeeds, std::ranges::count_if(std::views::iota(0, kSeeds), [&](int s) {
                   auto const i = static_cast<std::size_t>(s);
                   return species.back().events.values[i] > species.front().events.values[i];
               }));
    std::vector<Matrix> unit;
    for (auto const& step : steps) unit.push_back(unit_rows(step.features));
    unit.push_back(changes.features);
    std::vector<Matrix const*> all;
    for (auto const& features : unit) all.push_back(&features);
    auto const print_variant = [&](char const* name, Species const& found) {
        fmt::print("{}: {} a frame, {} a visit.\n", name, found.frames.text(), found.events.text());
        std::fflush(stdout);
    };
    print_variant("Background, L2 from the strengths of whole pictures",
                  measure_species(frames, frames.sequences, {&changes.features}, Head::ChangedAnyL2));
    print_variant("Background, that and standardised, as whole pictures are",
                  measure_species(frames, frames.sequences, {&changes.features}, Head::Whole));
    print_variant("Whole picture at 224, average, with the head of what changed",
                  measure_species(frames, frames.sequences, {all[0]}, Head::Changed));
    print_variant("Whole picture at 448, maximum, with the head of what changed",
                  measure_species(frames, frames.sequences, {all[2]}, Head::Changed));
    print_variant("Background, SEQ75709 and SEQ75710 taken as one visit",
                  measure_species(frames, joined_sequences(frames), {&changes.features}, Head::Changed));
    auto const nested = measure_species(frames, frames.sequences, all, Head::Changed);
    print_variant("Step chosen inside the learning half (rows 1 long, the head of what changed)", nested);
    for (auto const& [candidate, times] : nested.chosen)
        fmt::print("  step {}: {} times\n", candidate + 1, times);

    fmt::print("\n| empty or animal by change | tags as given | two corrected |\n|---|---|---|\n");
    fmt::print("| AUC, built-in gate, nothing learnt | {:.3f} | {:.3f} |\n",
               area_under_roc(changes.scores, positive(given)),
               area_under_roc(changes.scores, positive(corrected)));
    fmt::print("| AUC, gate learnt on other sequences | {} | {} |\n", gate.area.text(),
               gate_corrected.area.text());
    for (double const recall : {0.99, 0.98, 0.95})
        fmt::print(
            "| empties dropped, {:.0f} % of animals kept (limit set on these frames) | {:.3f} | {:.3f} |\n",
            100 * recall, dropped_at(changes.scores, given, recall),
            dropped_at(changes.scores, corrected, recall));
    fmt::print("| limit for 95 % set on other sequences: animals kept | {} | {} |\n", gate.kept.text(),
               gate_corrected.kept.text());
    fmt::print("| the same: empties dropped | {} | {} |\n\n", gate.dropped.text(),
               gate_corrected.dropped.text());
    print_cascade(frames, changes.scores, given);
    return 0;
}
