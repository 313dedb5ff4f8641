#include "vision/exported_model.hpp"

#include <algorithm>
#include <array>

#include "base/file.hpp"
#include "crypto/sha256.hpp"
#include "proto/onnx.pb.h"
#include "vision/archive.hpp"
#include "vision/graphdef.hpp"
#include "vision/package_json.hpp"

namespace ounce::vision {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kModelBytesMax = std::uint64_t{512} << 20;
constexpr std::uint64_t kLabelsBytesMax = std::uint64_t{4} << 20;
constexpr char kModelName[] = "model.pb";

struct Export {
    Bytes model;
    Bytes labels;
    std::string name;  // for a person: what the files lay in
};

std::string_view file_name(std::string_view path) {
    auto const slash = path.rfind('/');
    return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

Result<Export> read_zip_export(fs::path const& path) {
    TRY(auto const zip, read_file(path, kModelBytesMax));
    auto const wanted = [](std::string_view member) {
        return file_name(member) == kModelName || file_name(member) == kLabelsFile;
    };
    auto members = read_zip(zip, wanted, kModelBytesMax + kLabelsBytesMax);
    if (!members) return fail(members.error().in(path.string()));
    Export exported;
    exported.name = path.stem().string();
    int models = 0;
    int labels = 0;
    for (auto& [member, content] : *members) {
        bool const is_model = file_name(member) == kModelName;
        (is_model ? exported.model : exported.labels) = std::move(content);
        ++(is_model ? models : labels);
    }
    if (models == 0 || labels == 0)
        return fail(Code::NotFound, "{}: a TensorFlow export holds model.pb and labels.txt; {} is missing",
                    path.string(), models == 0 ? kModelName : kLabelsFile);
    if (models > 1 || labels > 1)
        return fail(Code::DataLoss, "{}: holds more than one {}; unpack the one you mean", path.string(),
                    models > 1 ? kModelName : kLabelsFile);
    return exported;
}

Result<Export> read_folder_export(fs::path const& model) {
    Export exported;
    TRY(exported.model, read_file(model, kModelBytesMax));
    auto labels = read_file(model.parent_path() / kLabelsFile, kLabelsBytesMax);
    if (!labels) {
        auto error = labels.error();
        if (error.code == Code::NotFound) error.message += "; the names of the tags are read from there";
        return fail(error);
    }
    exported.labels = std::move(*labels);
    auto const folder = fs::absolute(model).lexically_normal().parent_path().filename().string();
    exported.name = folder.empty() ? kModelName : folder;
    return exported;
}

Result<Export> read_export(fs::path const& path) {
    std::error_code error;
    if (fs::is_directory(path, error)) return read_folder_export(path / kModelName);
    return path.extension() == ".zip" ? read_zip_export(path) : read_folder_export(path);
}

/// What the graph ends in, seen through ops that only change the shape.
Kind kind_of(ByteView onnx, std::string const& output) {
    onnx_format::Model model;
    if (!model.ParseFromArray(onnx.data(), static_cast<int>(onnx.size()))) return Kind::Multilabel;
    static constexpr std::array<std::string_view, 7> kTransparent{
        "Identity", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Cast"};
    auto const& nodes = model.graph().node();
    auto wanted = output;
    for (int steps = 0; steps < nodes.size(); ++steps) {
        auto const maker = std::find_if(nodes.begin(), nodes.end(), [&](auto const& node) {
            return std::find(node.output().begin(), node.output().end(), wanted) != node.output().end();
        });
        if (maker == nodes.end()) break;
        if (maker->op_type() == "Softmax") return Kind::Multiclass;
        if (std::find(kTransparent.begin(), kTransparent.end(), maker->op_type()) == kTransparent.end() ||
            maker->input().empty())
            break;
        wanted = maker->input(0);
    }
    return Kind::Multilabel;
}

}  // namespace

Result<Package> read_exported_model(fs::path const& path) {
    TRY(auto const exported, read_export(path));
    auto labels = parse_labels(as_text(exported.labels));
    if (!labels) return fail(labels.error().in(fmt::format("{}: {}", path.string(), kLabelsFile)));
    auto graph = import_graphdef(exported.model);
    if (!graph) return fail(graph.error().in(path.string()));
    if (graph->width_px != graph->height_px)
        return fail(Code::Unimplemented, "{}: its input is {}x{}; Custom Vision's models take squares",
                    path.string(), graph->width_px, graph->height_px);

    Package package;
    package.info.name = exported.name;
    package.info.kind = kind_of(graph->onnx, graph->output);
    for (auto& label : *labels) package.info.tags.push_back({.name = std::move(label)});
    package.info.recipe = custom_vision_recipe(graph->width_px);
    package.info.input = graph->input;
    package.info.output = graph->output;
    package.info.lineage = {{"imported_from", "tensorflow"},
                            {"model_sha256", crypto::sha256_hex(exported.model)}};
    package.model = std::move(graph->onnx);
    return package;
}

}  // namespace ounce::vision
