#include "project/onnx_export.hpp"

#include <vector>

#include "base/json.hpp"
#include "crypto/sha1.hpp"
#include "vision/archive.hpp"
#include "vision/onnx_graph.hpp"
#include "vision/package_json.hpp"

namespace ounce::project {
namespace {

using vision::Recipe;

constexpr char kManifest[] = "cvexport.manifest";
constexpr char kProperties[] = "metadata_properties.json";

/// What a reader must do to a picture, in the vendor's words. Whole picture to the input, no crop.
std::vector<std::pair<std::string, std::string>> properties(vision::PackageInfo const& info) {
    auto const width = std::to_string(info.recipe.width_px);
    auto const height = std::to_string(info.recipe.height_px);
    bool const one = info.kind == vision::Kind::Multiclass;
    return {
        {"CustomVision.Metadata.AdditionalModelInfo", ""},
        {"CustomVision.Metadata.Version", "1.2"},
        {"CustomVision.Postprocess.Method", one ? "ClassificationMultiClass" : "ClassificationMultiLabel"},
        {"CustomVision.Postprocess.Yolo.Biases", "[]"},
        {"CustomVision.Postprocess.Yolo.NmsThreshold", "0.0"},
        {"CustomVision.Preprocess.CropHeight", "0"},
        {"CustomVision.Preprocess.CropMethod", "NoCrop"},
        {"CustomVision.Preprocess.CropWidth", "0"},
        {"CustomVision.Preprocess.MaxDimension", "0"},
        {"CustomVision.Preprocess.MaxScale", "0.0"},
        {"CustomVision.Preprocess.MinDimension", "0"},
        {"CustomVision.Preprocess.MinScale", "0.0"},
        {"CustomVision.Preprocess.NormalizeMean", "[0.0, 0.0, 0.0]"},
        {"CustomVision.Preprocess.NormalizeStd", "[1.0, 1.0, 1.0]"},
        {"CustomVision.Preprocess.ResizeMethod", "Stretch"},
        {"CustomVision.Preprocess.TargetHeight", height},
        {"CustomVision.Preprocess.TargetWidth", width},
        {"Image.BitmapPixelFormat", info.recipe.channels == Recipe::Channels::Rgb ? "Rgb8" : "Bgr8"},
        {"Image.ColorSpaceGamma", "SRGB"},
        {"Image.NominalPixelRange", "NominalRange_0_255"},
    };
}

Bytes text_file(std::string const& text) {
    return {text.begin(), text.end()};
}

}  // namespace

Result<Bytes> onnx_model(vision::Package const& package) {
    auto const& recipe = package.info.recipe;
    if (recipe.resize != Recipe::Resize::Stretch || recipe.shrink_longer_side_px > 0 ||
        recipe.layout != Recipe::Layout::Nchw)
        return fail(Code::Unimplemented, "the recipe of this model has no name in other programs");
    TRY(auto graph, vision::OnnxGraph::parse(package.model));
    std::vector<float> scale;
    std::vector<float> offset;
    for (std::size_t channel = 0; channel < 3; ++channel) {
        scale.push_back(recipe.scale / recipe.std[channel]);
        offset.push_back(-recipe.mean[channel] / recipe.std[channel]);
    }
    graph.scale_input(package.info.input, "data", {1, 3, recipe.height_px, recipe.width_px}, scale, offset);
    graph.add_node("Identity", {package.info.output}, {"model_output"});
    graph.add_output("model_output", {1, static_cast<std::int64_t>(package.info.tags.size())});
    graph.prune();
    for (auto const& [key, value] : properties(package.info)) graph.add_metadata(key, value);
    return graph.serialize();
}

Result<Bytes> export_onnx(vision::Package const& package, Guid const& iteration, Time now) {
    TRY(auto model, onnx_model(package));
    OrderedJson manifest{{"DomainType", "Classification"},
                         {"Platform", "ONNX"},
                         {"Flavor", nullptr},
                         {"ExporterVersion", "2.1"},
                         {"ExportedDate", to_iso8601(now, 7)},
                         {"IterationId", iteration.text()},
                         {"ModelFileName", vision::kModelFile},
                         {"LabelFileName", vision::kLabelsFile},
                         {"MetadataPropsFileName", kProperties},
                         {"ModelFileSHA1", crypto::sha1_hex(model)},
                         {"SchemaVersion", "1.0"}};
    OrderedJson props = OrderedJson::object();
    for (auto const& [key, value] : properties(package.info)) props[key] = value;
    return vision::write_zip({{vision::kModelFile, std::move(model)},
                              {vision::kLabelsFile, text_file(vision::labels_text(package.info.tags))},
                              {kManifest, text_file(dump_json(manifest, 2) + "\n")},
                              {kProperties, text_file(dump_json(props, 2) + "\n")}});
}

}  // namespace ounce::project
