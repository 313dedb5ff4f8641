#include "vision/graphdef.hpp"

#include <google/protobuf/stubs/logging.h>

#include <algorithm>
#include <unordered_map>

#include "proto/graphdef.pb.h"
#include "vision/graphdef_builder.hpp"
#include "vision/graphdef_nodes.hpp"
#include "vision/graphdef_ops.hpp"
#include "vision/wire_bounds.hpp"

namespace ounce::vision {
namespace {

namespace format = tensorflow_format;
using namespace graphdef;

constexpr std::size_t kFreeValues = std::size_t{1} << 20;  // small constants that a file spells out in a word
constexpr std::int64_t kSideMax = 65'536;
constexpr std::size_t kFileBytesMax = std::size_t{256} << 20;  // what comes out stays below ONNX's own 2 GiB

// GraphDef as far as messages hold messages: field numbers of TensorFlow's own .proto files.
constexpr WireMessage kLeaf{};
constexpr WireField kShapeFields[] = {{2, &kLeaf}};
constexpr WireMessage kShape{kShapeFields};
constexpr WireField kTensorFields[] = {{2, &kShape}};
constexpr WireMessage kTensor{kTensorFields};
constexpr WireField kValueFields[] = {{1, &kLeaf}, {7, &kShape}, {8, &kTensor}};
constexpr WireMessage kValue{kValueFields};
constexpr WireField kEntryFields[] = {{2, &kValue}};
constexpr WireMessage kEntry{kEntryFields};
constexpr WireField kNodeFields[] = {{5, &kEntry}};
constexpr WireMessage kNode{kNodeFields};
constexpr WireField kGraphFields[] = {{1, &kNode}};
constexpr WireMessage kGraph{kGraphFields};

Result<format::GraphDef> parse(ByteView bytes) {
    if (bytes.size() > kFileBytesMax)
        return fail(Code::ResourceExhausted, "its {} bytes are more than {}", bytes.size(), kFileBytesMax);
    TRY_STATUS(check_wire_bounds(bytes, kGraph));
    google::protobuf::LogSilencer const
        quiet;  // names that are no UTF-8 come back as an error, not on stderr
    format::GraphDef graph;
    if (!graph.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
        return fail(Code::DataLoss, "its {} bytes cannot be read as one", bytes.size());
    if (graph.node_size() == 0) return fail(Code::DataLoss, "it holds no nodes");
    return graph;
}

Result<std::size_t> find_node(Nodes const& nodes, std::string const& wish) {
    std::string_view name = wish;
    if (name.ends_with(":0")) name.remove_suffix(2);
    auto const found = nodes.find(name);
    if (!found) return fail(Code::NotFound, "the graph has no node '{}'", shown(name));
    return *found;
}

// The shape of the picture's placeholder; the batch may be free.
Result<Shape> input_shape(format::NodeDef const& node) {
    auto const name = shown(node.name());
    if (node.op() != "Placeholder")
        return fail(Code::InvalidArgument, "'{}' is a node of op '{}', not the graph's input (a Placeholder)",
                    name, shown(node.op()));
    Attributes const attributes(node);
    TRY(auto const type, attributes.type("dtype"));
    if (type != format::FLOAT)
        return fail(Code::Unimplemented, "the input '{}' takes TensorFlow's type {}, not float", name,
                    static_cast<int>(type));
    auto const* const stored = attributes.shape("shape");
    if (stored == nullptr || stored->unknown_rank() || stored->dim_size() == 0)
        return fail(
            Code::Unimplemented,
            "the input '{}' does not say how large a picture it takes; export the model with a fixed input "
            "size",
            name);
    if (stored->dim_size() != 4)
        return fail(Code::Unimplemented,
                    "the input '{}' has {} sides, not 4 (batch, height, width, channels)", name,
                    stored->dim_size());
    Shape shape;
    for (int i = 0; i < 4; ++i) {
        auto const side = stored->dim(i).size();
        if (i == 0 && side == -1) {
            shape.push_back({1, true});
        } else if (side < 1 || side > kSideMax) {
            return fail(
                Code::Unimplemented,
                "side {} of the input '{}' is {}; export the model with a fixed input size of at most {}", i,
                name, side, kSideMax);
        } else {
            shape.push_back({side, false});
        }
    }
    TRY_STATUS(count(shape).map([](Side const&) {}));
    return shape;
}

Result<ImportedGraph> import(format::GraphDef const& graph, ImportOptions const& options, Budget budget) {
    TRY(auto const nodes, Nodes::create(graph));
    TRY(auto const input, find_node(nodes, options.input));
    std::vector<std::size_t> wanted;
    auto names = options.more_outputs;
    names.insert(names.begin(), options.output);
    for (auto const& name : names) {
        TRY(auto const node, find_node(nodes, name));
        if (node == input)
            return fail(Code::InvalidArgument, "'{}' is the graph's input, not an output", name);
        if (std::ranges::find(wanted, node) == wanted.end()) wanted.push_back(node);
    }
    TRY(auto const shape, input_shape(nodes.at(input)));
    TRY(auto const order, nodes.order(wanted, input));

    Builder builder(budget);
    for (auto const node : wanted) builder.reserve(nodes.at(node).name());
    ImportedGraph imported{.onnx = {},
                           .input = nodes.at(input).name(),
                           .output = nodes.at(wanted.front()).name(),
                           .height_px = static_cast<int>(shape[1].factor),
                           .width_px = static_cast<int>(shape[2].factor)};
    builder.graph().add_input(imported.input, onnx_sides(shape));

    std::unordered_map<std::size_t, ValuePtr> values;
    for (auto const node : order) {
        if (node == input) {
            auto value = std::make_shared<Value>();
            value->shape = shape;
            value->plain = imported.input;
            values.emplace(node, std::move(value));
            continue;
        }
        TRY(auto const sources, nodes.inputs(node));
        std::vector<ValuePtr> inputs;
        for (auto const source : sources) inputs.push_back(values.at(source));
        TRY(auto value, convert(nodes.at(node), inputs, builder));
        values.emplace(node, std::move(value));
    }
    for (auto const node : wanted) {
        auto& value = *values.at(node);
        auto const& name = nodes.at(node).name();
        if (value.constant)
            return fail(Code::InvalidArgument, "the output '{}' does not depend on the picture", shown(name));
        TRY(auto const made, builder.plain(value));
        builder.graph().add_node("Identity", {made}, {name});
        builder.graph().add_output(name, onnx_sides(value.shape));
    }
    imported.onnx = builder.graph().serialize();
    return imported;
}

}  // namespace

Result<ImportedGraph> import_graphdef(ByteView model_pb, ImportOptions const& options) {
    auto const graph = parse(model_pb);
    if (!graph) return fail(graph.error().in("not a TensorFlow GraphDef"));
    // The file spells out its weights: their values, a turned copy of each, and a little more.
    return import(*graph, options, Budget(model_pb.size() + kFreeValues));
}

}  // namespace ounce::vision
