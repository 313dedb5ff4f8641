#include "train/cross_validation.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/parallel.hpp"
#include "train/kernels.hpp"
#include "train/landmarks.hpp"

namespace ounce::train {
namespace {

/// Log loss of one picture for logits / temperature.
double picture_loss(vision::Kind kind, std::span<float const> logits, Labels const& labels,
                    std::size_t picture, double temperature) {
    double const factor = 1 / temperature;
    if (kind == vision::Kind::Multilabel) {
        double total = 0;
        for (std::size_t k = 0; k < logits.size(); ++k) {
            double const z = (labels.has(picture, k) ? -1 : 1) * static_cast<double>(logits[k]) * factor;
            total += std::max(z, 0.0) + std::log1p(std::exp(-std::abs(z)));
        }
        return total;
    }
    double const largest = static_cast<double>(*std::ranges::max_element(logits)) * factor;
    double sum = 0;
    double right = largest;
    for (std::size_t k = 0; k < logits.size(); ++k) {
        double const z = static_cast<double>(logits[k]) * factor;
        sum += std::exp(z - largest);
        if (labels.has(picture, k)) right = z;
    }
    return std::log(sum) + largest - right;
}

double loss_at(vision::Kind kind, Matrix const& logits, Labels const& labels, std::span<double const> use,
               double temperature) {
    double total = 0;
    for (std::size_t i = 0; i < logits.rows; ++i)
        if (use[i] != 0) total += use[i] * picture_loss(kind, logits.row(i), labels, i, temperature);
    return total;
}

bool is_right(vision::Kind kind, std::span<float const> logits, Labels const& labels, std::size_t picture) {
    if (kind == vision::Kind::Multiclass) {
        auto const best = static_cast<std::size_t>(std::ranges::max_element(logits) - logits.begin());
        return labels.has(picture, best);
    }
    for (std::size_t k = 0; k < logits.size(); ++k)
        if ((logits[k] >= 0) != labels.has(picture, k)) return false;
    return true;
}

/// How much a picture's loss weighs: tags as rare as they may be weigh alike, the mean weight is 1.
std::vector<double> picture_weights(Labels const& labels, HeadOptions const& options) {
    std::vector<double> weights(labels.count(), 1.0);
    if (!options.balanced || options.kind == vision::Kind::Multilabel) return weights;
    auto const totals = labels.totals();
    double present = 0;
    for (auto const total : totals) present += total > 0 ? 1 : 0;
    for (std::size_t i = 0; i < weights.size(); ++i)
        weights[i] =
            static_cast<double>(weights.size()) / (present * static_cast<double>(totals[labels.first(i)]));
    return weights;
}

/// Temperatures tried while comparing; the one that is used is then found exactly.
constexpr int kTemperatures = 16;
double tried_temperature(int step) {
    return 0.03 * std::pow(10.0, step / 6.0);
}

/// One candidate at one l2: its answers for pictures that it did not learn from.
struct Trial {
    Matrix logits;
    double loss = 0;                     // weighted mean over all pictures
    std::vector<double> losses_without;  // the same over the pictures outside each fold
    double accuracy = 0;
};

void score(Trial& trial, Labels const& labels, std::vector<double> const& weights,
           std::vector<int> const& fold_of, CrossValidationOptions const& options) {
    auto const folds = static_cast<std::size_t>(options.folds);
    auto const kind = options.head.kind;
    std::vector<double> weight_in(folds, 0);
    std::size_t right = 0;
    for (std::size_t i = 0; i < labels.count(); ++i) {
        weight_in[static_cast<std::size_t>(fold_of[i])] += weights[i];
        right += is_right(kind, trial.logits.row(i), labels, i) ? 1 : 0;
    }
    trial.accuracy = static_cast<double>(right) / static_cast<double>(labels.count());
    double const weight = std::accumulate(weight_in.begin(), weight_in.end(), 0.0);
    trial.losses_without.assign(folds, 0);
    for (int step = 0; step < kTemperatures; ++step) {
        std::vector<double> loss_in(folds, 0);
        for (std::size_t i = 0; i < labels.count(); ++i)
            loss_in[static_cast<std::size_t>(fold_of[i])] +=
                weights[i] * picture_loss(kind, trial.logits.row(i), labels, i, tried_temperature(step));
        double const loss = std::accumulate(loss_in.begin(), loss_in.end(), 0.0);
        if (step == 0 || loss / weight < trial.loss) trial.loss = loss / weight;
        for (std::size_t fold = 0; fold < folds; ++fold) {
            double const rest = weight - weight_in[fold];
            double const without = rest > 1e-9 ? (loss - loss_in[fold]) / rest : 0;
            if (step == 0 || without < trial.losses_without[fold]) trial.losses_without[fold] = without;
        }
    }
}

struct Rows {
    std::vector<std::size_t> learn;  // all views
    std::vector<std::size_t> ask;    // the pictures as they are
};

Rows rows_of(std::vector<int> const& fold_of, std::size_t fold, std::size_t rows) {
    Rows result;
    for (std::size_t row = 0; row < rows; ++row) {
        if (fold_of[row % fold_of.size()] != static_cast<int>(fold))
            result.learn.push_back(row);
        else if (row < fold_of.size())
            result.ask.push_back(row);
    }
    return result;
}

std::vector<std::size_t> counted(std::size_t count) {
    std::vector<std::size_t> numbers(count);
    std::iota(numbers.begin(), numbers.end(), std::size_t{0});
    return numbers;
}

Labels labels_of(Labels const& labels, std::vector<std::size_t> const& rows) {
    Labels some{.classes = labels.classes, .on = {}};
    for (auto const row : rows)
        for (std::size_t k = 0; k < labels.classes; ++k)
            some.on.push_back(labels.has(row % labels.count(), k) ? 1 : 0);
    return some;
}

void put_rows(Matrix const& from, std::vector<std::size_t> const& rows, Matrix& to) {
    for (std::size_t i = 0; i < rows.size(); ++i) std::ranges::copy(from.row(i), to.row(rows[i]).begin());
}

/// One candidate without one fold, seen from landmarks: a head for each l2.
struct Glance {
    SeenFromLandmarks seen;
    std::vector<LinearHead> heads;
};

LinearHead full_head(Glance const& glance, std::size_t strength) {
    auto const& head = glance.heads[strength];
    Matrix weights(head.classes, head.width);
    weights.values = head.weights;
    return unstandardised(head.kind, glance.seen.by, glance.seen.lifted(weights), head.bias);
}

/// Of the heads that there are; an empty one is of a fold without pictures.
LinearHead mean_head(std::span<LinearHead const> heads) {
    LinearHead mean;
    float count = 0;
    for (auto const& head : heads) {
        if (head.classes == 0) continue;
        ++count;
        if (mean.classes == 0) {
            mean = head;
            continue;
        }
        add_scaled(mean.weights.data(), head.weights.data(), 1, mean.weights.size());
        add_scaled(mean.bias.data(), head.bias.data(), 1, mean.bias.size());
    }
    for (auto& value : mean.weights) value /= count;
    for (auto& value : mean.bias) value /= count;
    return mean;
}

}  // namespace

double best_temperature(vision::Kind kind, Matrix const& logits, Labels const& labels,
                        std::span<double const> use) {
    // The loss is convex in 1 / temperature; a golden section over its logarithm needs no derivative and
    // cannot run away. Beyond these ends a number no longer matters.
    constexpr double kGolden = 0.6180339887498949;
    double low = std::log(0.02);
    double high = std::log(50.0);
    double a = high - kGolden * (high - low);
    double b = low + kGolden * (high - low);
    auto const at = [&](double log_temperature) {
        return loss_at(kind, logits, labels, use, std::exp(log_temperature));
    };
    double loss_a = at(a);
    double loss_b = at(b);
    for (int step = 0; step < 16; ++step) {
        if (loss_a <= loss_b) {
            high = b;
            b = a;
            loss_b = loss_a;
            a = high - kGolden * (high - low);
            loss_a = at(a);
        } else {
            low = a;
            a = b;
            loss_a = loss_b;
            b = low + kGolden * (high - low);
            loss_b = at(b);
        }
    }
    return std::exp((low + high) / 2);
}

Result<CrossValidation> cross_validate(std::vector<Candidate> const& candidates, Labels const& labels,
                                       std::span<int const> groups, CrossValidationOptions const& options) {
    auto const pictures = labels.count();
    if (candidates.empty() || pictures == 0 || options.l2s.empty() || groups.size() != pictures)
        return fail(Code::InvalidArgument, "cross-validation needs pictures, candidates and a group each");
    if (options.folds < 2)
        return fail(Code::InvalidArgument, "cross-validation needs 2 folds at least, not {}", options.folds);
    for (auto const& candidate : candidates)
        OUNCE_CHECK(candidate.features->rows >= pictures && candidate.features->rows % pictures == 0);

    CrossValidation result;
    result.fold_of = group_folds(labels, groups, options.folds, options.seed);
    auto const folds = static_cast<std::size_t>(options.folds);
    auto const strengths = options.l2s.size();
    std::vector<Trial> trials(candidates.size() * strengths);
    for (auto& trial : trials) trial.logits = Matrix(pictures, labels.classes);

    // The choice is made between heads that see the pictures from landmarks, which is fast.
    auto quick = options.head;
    quick.stop = options.stop;
    quick.tolerance = std::max(quick.tolerance, 1e-2);  // choices need no more
    quick.standardise = false;
    std::vector<Glance> glances(candidates.size() * folds);
    parallel_for(glances.size(), options.threads, [&](std::size_t task) {
        auto const& features = *candidates[task / folds].features;
        auto const rows = rows_of(result.fold_of, task % folds, features.rows);
        if (rows.learn.empty() || rows.ask.empty() || options.stop.stop_requested()) return;
        auto& glance = glances[task];
        glance.seen =
            see_from_landmarks(features, rows.learn, rows.ask, kLandmarks, options.head.standardise);
        glance.heads = fit_heads(glance.seen.learn, counted(rows.learn.size()), labels_of(labels, rows.learn),
                                 options.l2s, quick);
        for (std::size_t s = 0; s < strengths; ++s)
            put_rows(glance.heads[s].logits(glance.seen.ask), rows.ask,
                     trials[task / folds * strengths + s].logits);
        glance.seen.learn = {};
        glance.seen.ask = {};
    });
    if (options.stop.stop_requested()) return fail(Code::Cancelled, "stopped while choosing the head");

    auto const weights = picture_weights(labels, options.head);
    parallel_for(trials.size(), options.threads,
                 [&](std::size_t t) { score(trials[t], labels, weights, result.fold_of, options); });
    std::size_t best = 0;
    for (std::size_t t = 0; t < trials.size(); ++t) {
        result.scores.push_back(
            {t / strengths, options.l2s[t % strengths], trials[t].loss, trials[t].accuracy});
        if (trials[t].loss < trials[best].loss) best = t;
    }
    std::vector<std::size_t> choice_of(folds, 0);
    std::vector<std::size_t> needed{best};
    for (std::size_t fold = 0; fold < folds; ++fold) {
        auto& choice = choice_of[fold];
        for (std::size_t t = 0; t < trials.size(); ++t)
            if (trials[t].losses_without[fold] < trials[choice].losses_without[fold]) choice = t;
        if (std::ranges::find(needed, choice) == needed.end()) needed.push_back(choice);
    }

    // What was chosen is then fitted to all there is to see: the measure is of heads like the final one.
    std::vector<LinearHead> exact(needed.size() * folds);
    parallel_for(exact.size(), options.threads, [&](std::size_t task) {
        auto const t = needed[task / folds];
        auto const& features = *candidates[t / strengths].features;
        auto const rows = rows_of(result.fold_of, task % folds, features.rows);
        if (rows.learn.empty() || rows.ask.empty() || options.stop.stop_requested()) return;
        auto const& glance = glances[t / strengths * folds + task % folds];
        auto const start = full_head(glance, t % strengths);
        auto head_options = options.head;
        head_options.stop = options.stop;
        head_options.start = &start;
        head_options.tolerance = std::max(head_options.tolerance, 3e-3);  // no answer moves visibly below
        double const l2s[] = {options.l2s[t % strengths]};
        exact[task] = std::move(fit_heads(features, rows.learn, labels, l2s, head_options)[0]);
        Matrix asked(rows.ask.size(), features.columns);
        for (std::size_t i = 0; i < rows.ask.size(); ++i)
            std::ranges::copy(features.row(rows.ask[i]), asked.row(i).begin());
        put_rows(exact[task].logits(asked), rows.ask, trials[t].logits);
    });
    if (options.stop.stop_requested()) return fail(Code::Cancelled, "stopped while choosing the head");

    result.chosen = {best / strengths, options.l2s[best % strengths],
                     best_temperature(options.head.kind, trials[best].logits, labels, weights)};
    result.start = mean_head(std::span(exact).first(folds));
    result.probabilities = Matrix(pictures, labels.classes);
    for (std::size_t fold = 0; fold < folds; ++fold) {
        auto const choice = choice_of[fold];
        auto const& trial = trials[choice];
        auto use = weights;
        for (std::size_t i = 0; i < pictures; ++i)
            if (result.fold_of[i] == static_cast<int>(fold)) use[i] = 0;
        double const temperature = best_temperature(options.head.kind, trial.logits, labels, use);
        result.by_fold.push_back({choice / strengths, options.l2s[choice % strengths], temperature});
        auto const factor = static_cast<float>(1 / temperature);
        for (std::size_t i = 0; i < pictures; ++i) {
            if (result.fold_of[i] != static_cast<int>(fold)) continue;
            for (std::size_t k = 0; k < labels.classes; ++k)
                result.probabilities.row(i)[k] = trial.logits.row(i)[k] * factor;
        }
    }
    to_probabilities(options.head.kind, result.probabilities);
    return result;
}

LinearHead fit_chosen(Candidate const& candidate, Labels const& labels, CrossValidation const& validation,
                      HeadOptions options) {
    double const l2s[] = {validation.chosen.l2};
    options.start = &validation.start;
    return fit_heads(*candidate.features, counted(candidate.features->rows), labels, l2s, options)[0].cooled(
        validation.chosen.temperature);
}

Result<FittedHead> fit(Matrix const& features, Labels const& labels, std::span<int const> groups,
                       CrossValidationOptions const& options) {
    std::vector<Candidate> const candidates{{"features", &features}};
    TRY(auto validation, cross_validate(candidates, labels, groups, options));
    auto head = fit_chosen(candidates[0], labels, validation, options.head);
    return FittedHead{std::move(head), std::move(validation)};
}

}  // namespace ounce::train
