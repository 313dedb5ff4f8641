#include "train/background_head.hpp"

#include <algorithm>
#include <cmath>

namespace ounce::train {
namespace {

constexpr int kFormat = 1;
constexpr int kGateSidePx = 224;
constexpr int kSidePx = 448;
// Fitted on the demo's 183 frames with their tags; a score of 0.05 is even. See docs/decisions/0007.
constexpr double kUntrainedSlope = 1.8;
constexpr double kUntrainedEven = 0.05;

}  // namespace

double BackgroundHead::gate(double score) const {
    return 1 / (1 + std::exp(-(gate_slope * std::log(std::max(score, kScoreFloor)) + gate_offset)));
}

BackgroundHead untrained_background_head(Backbone const& backbone) {
    return {.gate_recipe = recipe_at(backbone, kGateSidePx),
            .recipe = recipe_at(backbone, kSidePx),
            .gate_slope = kUntrainedSlope,
            .gate_offset = -kUntrainedSlope * std::log(kUntrainedEven),
            .gate_trained = false,
            .tags = {},
            .head = std::nullopt};
}

std::vector<float> background_probabilities(BackgroundHead const& head,
                                            std::span<vision::PackageTag const> tags, double gate,
                                            std::span<float const> features) {
    auto const others = static_cast<double>(
        std::ranges::count_if(tags, [](vision::PackageTag const& tag) { return !tag.negative; }));
    std::vector<double> shares(tags.size(), others > 0 ? 1 / others : 0);
    if (head.head && !features.empty()) {
        Matrix row(1, features.size());
        std::ranges::copy(features, row.values.begin());
        auto answer = head.head->logits(row);
        to_probabilities(head.head->kind, answer);
        for (std::size_t i = 0; i < tags.size(); ++i) {
            auto const found = std::ranges::find(head.tags, tags[i].name);
            shares[i] = found == head.tags.end()
                            ? 0
                            : double{answer.values[static_cast<std::size_t>(found - head.tags.begin())]};
        }
    }
    std::vector<float> probabilities;
    for (std::size_t i = 0; i < tags.size(); ++i)
        probabilities.push_back(static_cast<float>(tags[i].negative ? 1 - gate : gate * shares[i]));
    return probabilities;
}

OrderedJson to_json(BackgroundHead const& head) {
    OrderedJson json{{"format", kFormat},
                     {"gate_recipe", vision::to_json(head.gate_recipe)},
                     {"recipe", vision::to_json(head.recipe)},
                     {"gate_slope", head.gate_slope},
                     {"gate_offset", head.gate_offset},
                     {"gate_trained", head.gate_trained},
                     {"tags", head.tags}};
    if (head.head) json["head"] = to_json(*head.head);
    return json;
}

Result<BackgroundHead> parse_background_head(Json const& json) {
    TRY(auto const format, json_member<int>(json, "format"));
    if (format != kFormat)
        return fail(Code::Unimplemented, "format {} of {} is not known; this program reads {}", format,
                    kBackgroundFile, kFormat);
    BackgroundHead head;
    TRY(auto const gate_recipe, json_member<Json>(json, "gate_recipe"));
    TRY(head.gate_recipe, vision::parse_recipe(gate_recipe));
    TRY(auto const recipe, json_member<Json>(json, "recipe"));
    TRY(head.recipe, vision::parse_recipe(recipe));
    TRY(head.gate_slope, json_member<double>(json, "gate_slope"));
    TRY(head.gate_offset, json_member<double>(json, "gate_offset"));
    TRY(head.gate_trained, json_member<bool>(json, "gate_trained"));
    TRY(head.tags, json_member<std::vector<std::string>>(json, "tags"));
    if (!std::isfinite(head.gate_slope) || head.gate_slope <= 0 || !std::isfinite(head.gate_offset))
        return fail(Code::InvalidArgument, "'gate_slope' must be above 0, 'gate_offset' a number");
    if (json.contains("head")) {
        TRY(head.head, parse_linear_head(json.at("head")));
        if (head.head->classes != head.tags.size())
            return fail(Code::InvalidArgument, "'head' has {} outputs for {} tags", head.head->classes,
                        head.tags.size());
    }
    return head;
}

}  // namespace ounce::train
