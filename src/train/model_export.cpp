#include "train/model_export.hpp"

#include "vision/onnx_graph.hpp"

namespace ounce::train {
namespace {

using vision::OnnxGraph;

/// Adds the pooling of "map" and returns the name of its N x width result.
std::string add_pooling(OnnxGraph& graph, Pooling pooling, std::size_t channels, int cells_per_side) {
    auto const flat = [&](std::string const& op, std::string const& name) {
        graph.add_node(op, {"map"}, {name + "_map"});
        graph.add_node("Flatten", {name + "_map"}, {name}, {{"axis", std::int64_t{1}}});
        return name;
    };
    switch (pooling) {
        case Pooling::Average:
            return flat("GlobalAveragePool", "tagging_average");
        case Pooling::Maximum:
            return flat("GlobalMaxPool", "tagging_maximum");
        case Pooling::AverageMaximum:
            graph.add_node(
                "Concat",
                {flat("GlobalAveragePool", "tagging_average"), flat("GlobalMaxPool", "tagging_maximum")},
                {"tagging_features"}, {{"axis", std::int64_t{1}}});
            return "tagging_features";
        case Pooling::Top:
            break;
    }
    auto const side = static_cast<std::size_t>(cells_per_side);
    graph.add_integers("tagging_shape", {3}, {0, static_cast<std::int64_t>(channels), -1});
    graph.add_integers("tagging_top_count", {1}, {static_cast<std::int64_t>(top_cells(side * side))});
    graph.add_node("Reshape", {"map", "tagging_shape"}, {"tagging_cells"});
    graph.add_node("TopK", {"tagging_cells", "tagging_top_count"}, {"tagging_top", "tagging_top_places"},
                   {{"axis", std::int64_t{-1}}, {"largest", std::int64_t{1}}, {"sorted", std::int64_t{0}}});
    graph.add_node("ReduceMean", {"tagging_top"}, {"tagging_features"},
                   {{"axes", std::vector<std::int64_t>{2}}, {"keepdims", std::int64_t{0}}});
    return "tagging_features";
}

}  // namespace

Result<Bytes> export_model(ByteView backbone, std::size_t channels, int side_px, int stride_px,
                           Pooling pooling, LinearHead const& head) {
    auto const width = pooling == Pooling::AverageMaximum ? 2 * channels : channels;
    if (head.width != width)
        return fail(Code::InvalidArgument, "a head of width {} does not fit {} pooling of {} channels",
                    head.width, to_string(pooling), channels);
    TRY(auto graph, OnnxGraph::parse(backbone));
    for (char const* const name : {"map", "features", "imagenet"})
        if (!graph.has(name)) return fail(Code::InvalidArgument, "the backbone has no '{}'", name);
    auto const classes = static_cast<std::int64_t>(head.classes);
    auto const pooled = add_pooling(graph, pooling, channels, side_px / stride_px);
    graph.add_floats("tagging_weights", {classes, static_cast<std::int64_t>(width)}, head.weights);
    graph.add_floats("tagging_bias", {classes}, head.bias);
    graph.add_node("Gemm", {pooled, "tagging_weights", "tagging_bias"}, {"tagging_logits"},
                   {{"transB", std::int64_t{1}}});
    if (head.kind == vision::Kind::Multiclass)
        graph.add_node("Softmax", {"tagging_logits"}, {"probabilities"}, {{"axis", std::int64_t{1}}});
    else
        graph.add_node("Sigmoid", {"tagging_logits"}, {"probabilities"});
    auto const c = static_cast<std::int64_t>(channels);
    graph.add_output("probabilities", {-1, classes});
    graph.add_output("map", {-1, c, -1, -1});
    if (graph.has("middle")) graph.add_output("middle", {-1, -1, -1, -1});
    graph.add_output("features", {-1, c});
    graph.add_output("imagenet", {-1, 1000});
    return graph.serialize();
}

}  // namespace ounce::train
