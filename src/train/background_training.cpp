#include "train/background_training.hpp"

#include <algorithm>
#include <cmath>

#include "train/background_frames.hpp"
#include "train/held_out.hpp"
#include "train/roc.hpp"

namespace ounce::train {
namespace {

constexpr double kAreaMin = 0.6;    // a gate that is hardly better than chance is not used
constexpr std::size_t kEnough = 5;  // pictures of a kind, below which nothing is learnt of it

using Frame = BackgroundFrame;

struct Learnt {
    double gate_area = 0;       // out of fold, 0 = not measured
    std::vector<double> gates;  // of each frame, out of fold where measured
    Share top;                  // of frames with a tag, those whose highest tag is right, out of fold
    std::vector<std::vector<float>> shares;  // of each frame among the head's tags, out of fold; empty = none
    std::string note;
};

CrossValidationOptions validation_options(TrainedSet const& set, vision::Kind kind,
                                          std::stop_token const& stop) {
    CrossValidationOptions options;
    options.head.kind = kind;
    options.head.stop = stop;
    options.folds = set.options.folds;
    options.seed = set.options.seed;
    options.threads = set.threads;
    options.stop = stop;
    return options;
}

std::size_t distinct(std::vector<int> groups) {
    std::ranges::sort(groups);
    auto const alone = static_cast<std::size_t>(std::ranges::count_if(groups, [](int g) { return g < 0; }));
    auto const rest = std::ranges::unique(groups);
    groups.erase(rest.begin(), rest.end());
    return alone + static_cast<std::size_t>(std::ranges::count_if(groups, [](int g) { return g >= 0; }));
}

/// One weight on the logarithm of the score.
Status learn_gate(std::vector<Frame*> const& frames, TrainedSet const& set, BackgroundHead& head,
                  Learnt& learnt, std::stop_token const& stop) {
    Matrix scores(frames.size(), 1);
    std::vector<int> tags;
    std::vector<int> groups;
    std::size_t empties = 0;
    for (std::size_t i = 0; i < frames.size(); ++i) {
        scores.values[i] = static_cast<float>(std::log(std::max(double{frames[i]->score}, kScoreFloor)));
        tags.push_back(is_negative(set, frames[i]->picture) ? 0 : 1);
        groups.push_back(set.groups[frames[i]->picture]);
        empties += tags.back() == 0 ? 1 : 0;
    }
    auto const keep_constants = [&](std::string const& why) {
        learnt.note += why + ": the gate keeps its built-in constants. ";
        for (auto const* const frame : frames) learnt.gates.push_back(head.gate(frame->score));
    };
    auto const kinds = distinct(groups);
    if (empties < kEnough || frames.size() - empties < kEnough || kinds < 2) {
        keep_constants(fmt::format("{} empty and {} other frames with neighbours, {} groups", empties,
                                   frames.size() - empties, kinds));
        return {};
    }
    auto options = validation_options(set, vision::Kind::Multiclass, stop);
    options.folds = static_cast<int>(std::min<std::size_t>(static_cast<std::size_t>(options.folds), kinds));
    TRY(auto const fitted, fit(scores, one_of(tags, 2), groups, options));
    auto const slope = double{fitted.head.weights[1]} - double{fitted.head.weights[0]};
    std::vector<double> answers;
    std::vector<std::uint8_t> positive;
    for (std::size_t i = 0; i < frames.size(); ++i) {
        answers.push_back(double{fitted.validation.probabilities.row(i)[1]});
        positive.push_back(static_cast<std::uint8_t>(tags[i]));
    }
    auto const area = area_under_roc(answers, positive);
    if (slope <= 0 || area < kAreaMin) {
        keep_constants(
            fmt::format("Change hardly tells animals from empties in these frames (AUC {:.2f}): are they "
                        "of fixed cameras, and is each camera its own group?",
                        area));
        return {};
    }
    head.gate_slope = slope;
    head.gate_offset = double{fitted.head.bias[1]} - double{fitted.head.bias[0]};
    head.gate_trained = true;
    learnt.gates = std::move(answers);
    learnt.gate_area = area;
    return {};
}

Status learn_tags(std::vector<Frame*> const& frames, TrainedSet const& set, BackgroundHead& head,
                  Learnt& learnt, std::stop_token const& stop) {
    auto const& dataset = set.dataset;
    bool const multiclass = dataset.kind == vision::Kind::Multiclass;
    auto const tag_count = dataset.tags.size() - (multiclass && dataset.has_negative ? 1 : 0);
    learnt.shares.resize(frames.size());

    std::vector<std::size_t> rows;
    std::vector<std::size_t> totals(tag_count, 0);
    for (std::size_t i = 0; i < frames.size(); ++i) {
        if (frames[i]->features.empty()) continue;
        rows.push_back(i);
        for (std::size_t k = 0; k < tag_count; ++k)
            if (dataset.labels.has(frames[i]->picture, k)) ++totals[k];
    }
    std::vector<std::size_t> learnable;
    for (std::size_t k = 0; k < tag_count; ++k)
        if (totals[k] >= kEnough) learnable.push_back(k);
    if (learnable.size() < tag_count || tag_count < 2) {
        learnt.note += tag_count < 2
                           ? "One tag only: there is nothing to tell apart. "
                           : "A tag has fewer than 5 frames with neighbours: tags come from whole pictures. ";
        return {};
    }
    Matrix features(rows.size(), frames[rows.front()]->features.size());
    Labels labels{.classes = tag_count, .on = std::vector<std::uint8_t>(rows.size() * tag_count, 0)};
    std::vector<int> groups;
    for (std::size_t r = 0; r < rows.size(); ++r) {
        auto const& frame = *frames[rows[r]];
        std::ranges::copy(frame.features, features.row(r).begin());
        for (std::size_t k = 0; k < tag_count; ++k)
            labels.on[r * tag_count + k] = dataset.labels.has(frame.picture, k) ? 1 : 0;
        groups.push_back(set.groups[frame.picture]);
    }
    auto const kinds = distinct(groups);
    if (kinds < 2) {
        learnt.note += "All frames belong to one group: tags come from whole pictures. ";
        return {};
    }
    auto options = for_changed_features(validation_options(set, dataset.kind, stop));
    options.folds = static_cast<int>(std::min<std::size_t>(static_cast<std::size_t>(options.folds), kinds));
    TRY(auto fitted, fit(features, labels, groups, options));
    head.tags.assign(dataset.tags.begin(), dataset.tags.begin() + static_cast<std::ptrdiff_t>(tag_count));
    head.head = std::move(fitted.head);
    std::size_t right = 0;
    for (std::size_t r = 0; r < rows.size(); ++r) {
        auto const row = fitted.validation.probabilities.row(r);
        learnt.shares[rows[r]].assign(row.begin(), row.end());
        auto const highest = static_cast<std::size_t>(std::ranges::max_element(row) - row.begin());
        right += labels.has(r, highest) ? 1 : 0;
    }
    // Frames of one group are right or wrong together: the doubt is as if each group were one picture.
    auto const value = static_cast<double>(right) / static_cast<double>(rows.size());
    learnt.top = share(static_cast<std::size_t>(std::lround(value * static_cast<double>(kinds))), kinds);
    learnt.top.value = value;
    learnt.top.of = rows.size();
    return {};
}

double rounded(double value) {
    return std::round(value * 1e4) / 1e4;
}

/// The shares of the tags in a frame that is looked at again: the background head's, else the whole
/// picture's; out of fold both. As BackgroundScorer does it when sifting.
std::vector<double> shares_of(Frame const& frame, std::vector<float> const& head_shares,
                              TrainedSet const& set, BackgroundHead const& head,
                              std::vector<vision::PackageTag> const& tags) {
    std::vector<double> shares(tags.size(), 0);
    if (head.head) {
        for (std::size_t k = 0; k < tags.size(); ++k) {
            auto const found = std::ranges::find(head.tags, tags[k].name);
            if (found != head.tags.end() && !head_shares.empty())
                shares[k] = double{head_shares[static_cast<std::size_t>(found - head.tags.begin())]};
        }
        return shares;
    }
    auto const whole = set.probabilities.row(frame.picture);
    double others = 0;
    for (std::size_t k = 0; k < tags.size(); ++k)
        if (!tags[k].negative) others += shares[k] = double{whole[k]};
    if (set.dataset.kind == vision::Kind::Multiclass && others > 0)
        for (auto& share : shares) share /= others;
    return shares;
}

/// Every frame as it would have come out of a model that had not learnt from it: see held_out_json().
std::string held_out(std::vector<Frame*> const& frames, TrainedSet const& set, BackgroundHead const& head,
                     Learnt const& learnt, std::vector<vision::PackageTag> const& tags) {
    std::string text = "[";
    for (std::size_t i = 0; i < frames.size(); ++i) {
        auto const& frame = *frames[i];
        auto const gate = learnt.gates[i];
        auto probabilities = background_probabilities(head, tags, gate, {});
        // An empty frame has no features to learn from and none here: it is no event that shows the target.
        if (gate >= kLookAgain && !(head.head && learnt.shares[i].empty())) {
            auto const shares = shares_of(frame, learnt.shares[i], set, head, tags);
            for (std::size_t k = 0; k < tags.size(); ++k)
                if (!tags[k].negative) probabilities[k] = static_cast<float>(gate * shares[k]);
        }
        OrderedJson item;
        if (!frame.event.empty()) item["event"] = frame.event;
        if (auto const group = set.groups[frame.picture]; group >= 0) item["group"] = std::to_string(group);
        item["tag"] = set.pictures[frame.picture].tags;
        item["gate"] = gate;
        item["probabilities"] = probabilities;
        text += (i > 0 ? ",\n" : "\n") + dump_json(item);
    }
    return text + "\n]\n";
}

}  // namespace

CrossValidationOptions for_changed_features(CrossValidationOptions options) {
    options.head.standardise = false;
    options.l2s = {3e-3, 1e-3, 3e-4, 1e-4};
    return options;
}

Status add_background_head(TrainedSet const& set, vision::Package& package, ProgressSink const& progress,
                           std::stop_token stop) {
    auto cameras = background_cameras(set);
    auto head = untrained_background_head(set.extractor.backbone());
    Learnt learnt;
    std::vector<Frame*> frames;
    if (cameras.empty()) {
        learnt.note = "No picture's camera is known (a group column in the CSV, or EXIF): ";
        learnt.note += "the gate keeps its built-in constants, tags come from whole pictures. ";
    } else {
        TRY(auto const network, BackgroundNetwork::create(package.model, head));
        TRY_STATUS(find_changes(cameras, set, network, progress, stop));
        std::vector<Frame*> tagged;
        for (auto& camera : cameras) {
            for (auto& frame : camera) {
                if (frame.neighbours == 0) continue;
                frames.push_back(&frame);
                if (!is_negative(set, frame.picture)) tagged.push_back(&frame);
            }
        }
        TRY_STATUS(find_changed_features(tagged, set, network, progress, stop));
        if (progress) progress({"choosing the background heads", 0, 0});
        TRY_STATUS(learn_gate(frames, set, head, learnt, stop));
        TRY_STATUS(learn_tags(frames, set, head, learnt, stop));
    }
    Json metrics{{"cameras", cameras.size()}, {"frames", frames.size()}, {"note", learnt.note}};
    if (learnt.gate_area > 0) metrics["gate_area_under_roc"] = rounded(learnt.gate_area);
    if (learnt.top.of > 0)
        metrics["tag_accuracy"] = {{"value", rounded(learnt.top.value)},
                                   {"low", rounded(learnt.top.low)},
                                   {"high", rounded(learnt.top.high)},
                                   {"of", learnt.top.of}};
    package.info.metrics["background"] = std::move(metrics);
    // Where whole pictures flatter, so do these.
    if (!frames.empty() && package.extras.contains(kHeldOutFile)) {
        auto const answers = held_out(frames, set, head, learnt, package.info.tags);
        package.extras[kBackgroundHeldOutFile] = Bytes(answers.begin(), answers.end());
    }
    auto const text = dump_json(to_json(head)) + "\n";
    package.extras[kBackgroundFile] = Bytes(text.begin(), text.end());
    return {};
}

}  // namespace ounce::train
