#include "train/evaluation.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "base/random.hpp"
#include "base/result.hpp"

namespace ounce::train {
namespace {

constexpr double kZ = 1.959964;  // 95 % of a normal distribution lie within this many deviations
constexpr std::size_t kBins = 10;
constexpr std::size_t kDoubtsMax = 50;
constexpr double kDoubtProbability = 0.8;

/// Share of right pictures with an interval drawn over groups (pictures of one burst are right or wrong
/// together, so that a plain interval would be too narrow): percentile bootstrap, 400 draws.
Share grouped_share(std::vector<std::uint8_t> const& right, std::span<int const> groups, std::uint64_t seed,
                    std::size_t& group_count) {
    std::map<int, std::pair<double, double>> by_group;
    std::vector<std::pair<double, double>> all;
    for (std::size_t i = 0; i < right.size(); ++i) {
        if (groups.empty() || groups[i] < 0) {
            all.emplace_back(right[i], 1);
        } else {
            auto& group = by_group[groups[i]];
            group.first += right[i];
            group.second += 1;
        }
    }
    bool const single = by_group.size() + all.size() == right.size();
    for (auto const& [number, group] : by_group) all.push_back(group);
    group_count = all.size();
    auto const hits = static_cast<std::size_t>(std::accumulate(right.begin(), right.end(), std::size_t{0}));
    auto result = share(hits, right.size());
    if (single || all.size() < 3) return result;
    Random random(seed);
    std::vector<double> draws;
    for (int draw = 0; draw < 400; ++draw) {
        double sum = 0;
        double count = 0;
        for (std::size_t i = 0; i < all.size(); ++i) {
            auto const& group = all[random.below(all.size())];
            sum += group.first;
            count += group.second;
        }
        draws.push_back(sum / count);
    }
    std::ranges::sort(draws);
    // A bootstrap of few or all-right groups can be too sure: never narrower than the plain interval.
    result.low = std::min(result.low, draws[10]);
    result.high = std::max(result.high, draws[389]);
    return result;
}

OrderedJson share_json(Share const& value) {
    if (value.of == 0) return nullptr;
    return {{"value", value.value}, {"low", value.low}, {"high", value.high}, {"of", value.of}};
}

}  // namespace

Share share(std::size_t hits, std::size_t of) {
    if (of == 0) return {};
    auto const n = static_cast<double>(of);
    double const p = static_cast<double>(hits) / n;
    double const centre = (p + kZ * kZ / (2 * n)) / (1 + kZ * kZ / n);
    double const half = kZ * std::sqrt(p * (1 - p) / n + kZ * kZ / (4 * n * n)) / (1 + kZ * kZ / n);
    return {p, std::max(0.0, centre - half), std::min(1.0, centre + half), of};
}

std::optional<double> average_precision(std::span<double const> scores, std::span<std::uint8_t const> truth) {
    std::vector<std::size_t> order(scores.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
        return scores[a] != scores[b] ? scores[a] > scores[b] : a < b;
    });
    double hits = 0;
    double total = 0;
    for (std::size_t i = 0; i < order.size();) {
        std::size_t end = i;
        double in_tie = 0;
        while (end < order.size() && scores[order[end]] == scores[order[i]]) in_tie += truth[order[end++]];
        hits += in_tie;
        total += in_tie * hits / static_cast<double>(end);
        i = end;
    }
    if (hits == 0) return std::nullopt;
    return total / hits;
}

Evaluation evaluate(EvaluationInput const& input) {
    auto const& probabilities = *input.probabilities;
    auto const& labels = *input.labels;
    auto const count = labels.count();
    auto const classes = input.tags.size();
    bool const multiclass = input.kind == vision::Kind::Multiclass;
    OUNCE_CHECK(probabilities.rows == count && probabilities.columns == classes && labels.classes == classes);
    Evaluation result;
    result.pictures = count;
    if (count == 0) return result;
    auto const at = [&](std::size_t i, std::size_t k) {
        return static_cast<double>(probabilities.row(i)[k]);
    };
    auto const highest = [&](std::size_t i) {
        auto const row = probabilities.row(i);
        return static_cast<std::size_t>(std::ranges::max_element(row) - row.begin());
    };

    std::vector<std::uint8_t> right(count, 0);
    if (multiclass) result.confusion.assign(classes, std::vector<std::size_t>(classes, 0));
    for (std::size_t i = 0; i < count; ++i) {
        if (multiclass) {
            auto const truth = labels.first(i);
            right[i] = truth == highest(i) ? 1 : 0;
            if (truth < classes) ++result.confusion[truth][highest(i)];
        } else {
            right[i] = 1;
            for (std::size_t k = 0; k < classes; ++k)
                if ((at(i, k) >= input.tags[k].threshold) != labels.has(i, k)) right[i] = 0;
        }
    }
    result.accuracy = grouped_share(right, input.groups, input.seed, result.groups);

    double precision_sum = 0;
    std::size_t with_precision = 0;
    double recall_sum = 0;
    double recall_variance = 0;
    std::size_t with_recall = 0;
    for (std::size_t k = 0; k < classes; ++k) {
        TagEvaluation tag;
        tag.tag = input.tags[k].name;
        tag.threshold = input.tags[k].threshold;
        std::size_t called = 0;
        std::size_t hits = 0;
        std::vector<double> scores(count);
        std::vector<std::uint8_t> truth(count);
        for (std::size_t i = 0; i < count; ++i) {
            bool const is = labels.has(i, k);
            bool const said = at(i, k) >= tag.threshold;
            scores[i] = at(i, k);
            truth[i] = is ? 1 : 0;
            tag.pictures += is ? 1 : 0;
            called += said ? 1 : 0;
            hits += is && said ? 1 : 0;
            if (said && !is) tag.false_alarms.push_back(i);
            if (is && !said) tag.misses.push_back(i);
        }
        tag.precision = share(hits, called);
        tag.recall = share(hits, tag.pictures);
        tag.average_precision = average_precision(scores, truth);
        std::ranges::sort(tag.false_alarms, [&](std::size_t a, std::size_t b) {
            return scores[a] != scores[b] ? scores[a] > scores[b] : a < b;
        });
        std::ranges::sort(tag.misses, [&](std::size_t a, std::size_t b) {
            return scores[a] != scores[b] ? scores[a] < scores[b] : a < b;
        });
        if (tag.average_precision) {
            precision_sum += *tag.average_precision;
            ++with_precision;
        }
        if (multiclass && tag.pictures > 0) {
            auto const n = static_cast<double>(tag.pictures);
            double const p = static_cast<double>(result.confusion[k][k]) / n;
            recall_sum += p;
            recall_variance += (p * (1 - p) + 1 / n) / n;
            ++with_recall;
        }
        result.tags.push_back(std::move(tag));
    }
    if (with_precision > 0)
        result.mean_average_precision = precision_sum / static_cast<double>(with_precision);
    if (with_recall > 0) {
        auto const n = static_cast<double>(with_recall);
        double const mean = recall_sum / n;
        double const half = kZ * std::sqrt(recall_variance) / n;
        result.balanced = {mean, std::max(0.0, mean - half), std::min(1.0, mean + half), count};
    }

    // Multiclass: how often the highest tag is right against how sure it was; multilabel: each tag alone.
    result.bins.assign(kBins, {});
    std::size_t claims = 0;
    auto const claim = [&](double probability, bool came_true) {
        auto const bin = std::min(kBins - 1, static_cast<std::size_t>(probability * kBins));
        result.bins[bin].claimed += probability;
        result.bins[bin].came_true += came_true ? 1 : 0;
        ++result.bins[bin].count;
        ++claims;
    };
    for (std::size_t i = 0; i < count; ++i) {
        if (multiclass) {
            claim(at(i, highest(i)), right[i] != 0);
        } else {
            for (std::size_t k = 0; k < classes; ++k) claim(at(i, k), labels.has(i, k));
        }
    }
    for (auto& bin : result.bins) {
        result.calibration_error += std::abs(bin.claimed - bin.came_true) / static_cast<double>(claims);
        if (bin.count == 0) continue;
        bin.claimed /= static_cast<double>(bin.count);
        bin.came_true /= static_cast<double>(bin.count);
    }

    for (std::size_t i = 0; i < count; ++i) {
        if (multiclass) {
            auto const k = highest(i);
            if (right[i] == 0 && at(i, k) >= kDoubtProbability)
                result.label_doubts.push_back(
                    {i, labels.first(i) < classes ? input.tags[labels.first(i)].name : "", input.tags[k].name,
                     at(i, k)});
        } else {
            for (std::size_t k = 0; k < classes; ++k) {
                double const sure = labels.has(i, k) ? 1 - at(i, k) : at(i, k);
                if (sure >= kDoubtProbability)
                    result.label_doubts.push_back({i, labels.has(i, k) ? input.tags[k].name : "",
                                                   labels.has(i, k) ? "" : input.tags[k].name, sure});
            }
        }
    }
    std::ranges::sort(result.label_doubts, [](LabelDoubt const& a, LabelDoubt const& b) {
        return a.probability != b.probability ? a.probability > b.probability : a.picture < b.picture;
    });
    if (result.label_doubts.size() > kDoubtsMax) result.label_doubts.resize(kDoubtsMax);

    auto const negative = std::ranges::find_if(input.tags, &vision::PackageTag::negative);
    if (multiclass && negative != input.tags.end()) {
        auto const none = static_cast<std::size_t>(negative - input.tags.begin());
        std::size_t missed = 0;
        std::size_t full = 0;
        std::size_t kept = 0;
        GateEvaluation gate;
        for (std::size_t i = 0; i < count; ++i) {
            bool const empty = labels.first(i) == none;
            bool const called_empty = highest(i) == none;
            gate.empties += empty ? 1 : 0;
            kept += empty && !called_empty ? 1 : 0;
            full += empty ? 0 : 1;
            missed += !empty && called_empty ? 1 : 0;
        }
        gate.missed = share(missed, full);
        if (gate.empties > 0)
            gate.false_alarms_per_1000 =
                1000.0 * static_cast<double>(kept) / static_cast<double>(gate.empties);
        result.gate = gate;
    }
    return result;
}

OrderedJson to_json(Evaluation const& evaluation, EvaluationInput const& input,
                    std::span<std::string const> names, std::size_t examples_max) {
    auto const examples = [&](std::vector<std::size_t> const& pictures, std::size_t k) {
        auto list = OrderedJson::array();
        for (auto const i : pictures) {
            if (list.size() >= examples_max) break;
            list.push_back({{"path", names[i]}, {"probability", input.probabilities->row(i)[k]}});
        }
        return list;
    };
    auto tags = OrderedJson::array();
    for (std::size_t k = 0; k < evaluation.tags.size(); ++k) {
        auto const& tag = evaluation.tags[k];
        OrderedJson entry{{"tag", tag.tag},
                          {"threshold", tag.threshold},
                          {"pictures", tag.pictures},
                          {"precision", share_json(tag.precision)},
                          {"recall", share_json(tag.recall)}};
        entry["average_precision"] =
            tag.average_precision ? OrderedJson(*tag.average_precision) : OrderedJson(nullptr);
        entry["false_alarm_count"] = tag.false_alarms.size();
        entry["miss_count"] = tag.misses.size();
        entry["false_alarms"] = examples(tag.false_alarms, k);
        entry["misses"] = examples(tag.misses, k);
        tags.push_back(std::move(entry));
    }
    OrderedJson json{{"pictures", evaluation.pictures},
                     {"groups", evaluation.groups},
                     {"accuracy", share_json(evaluation.accuracy)},
                     {"balanced_accuracy", share_json(evaluation.balanced)},
                     {"mean_average_precision", evaluation.mean_average_precision},
                     {"tags", std::move(tags)}};
    if (!evaluation.confusion.empty()) json["confusion"] = evaluation.confusion;
    auto bins = OrderedJson::array();
    for (auto const& bin : evaluation.bins)
        bins.push_back({{"claimed", bin.claimed}, {"came_true", bin.came_true}, {"count", bin.count}});
    json["calibration"] = {{"expected_error", evaluation.calibration_error}, {"bins", std::move(bins)}};
    auto doubts = OrderedJson::array();
    for (auto const& doubt : evaluation.label_doubts) {
        if (doubts.size() >= examples_max) break;
        doubts.push_back({{"path", names[doubt.picture]},
                          {"labelled", doubt.labelled},
                          {"answered", doubt.answered},
                          {"probability", doubt.probability}});
    }
    json["label_doubts"] = std::move(doubts);
    if (evaluation.gate)
        json["negative"] = {{"missed", share_json(evaluation.gate->missed)},
                            {"false_alarms_per_1000_empties", evaluation.gate->false_alarms_per_1000},
                            {"empties", evaluation.gate->empties}};
    return json;
}

}  // namespace ounce::train
