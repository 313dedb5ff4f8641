#include "vision/onnx_graph.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <functional>
#include <set>
#include <unordered_set>
#include <utility>

#include "proto/onnx.pb.h"
#include "vision/wire_bounds.hpp"

namespace ounce::vision {
namespace {

namespace format = onnx_format;

constexpr std::int64_t kIrVersion = 8;
constexpr std::int64_t kOpset = 13;

static_assert(std::endian::native == std::endian::little, "ONNX raw_data is little-endian");

// ModelProto as far as messages hold messages: field numbers of onnx.proto.
constexpr WireMessage kLeaf{};
constexpr WireField kNodeFields[] = {{5, &kLeaf}};
constexpr WireMessage kNode{kNodeFields};
constexpr WireField kShapeFields[] = {{1, &kLeaf}};
constexpr WireMessage kShape{kShapeFields};
constexpr WireField kOfTensorFields[] = {{2, &kShape}};
constexpr WireMessage kOfTensor{kOfTensorFields};
constexpr WireField kTypeFields[] = {{1, &kOfTensor}};
constexpr WireMessage kType{kTypeFields};
constexpr WireField kValueFields[] = {{2, &kType}};
constexpr WireMessage kValue{kValueFields};
constexpr WireField kGraphFields[] = {{1, &kNode}, {5, &kLeaf}, {11, &kValue}, {12, &kValue}};
constexpr WireMessage kGraph{kGraphFields};
constexpr WireField kModelFields[] = {{7, &kGraph}, {8, &kLeaf}, {14, &kLeaf}};
constexpr WireMessage kModel{kModelFields};

template <class T>
void set_raw(format::Tensor& tensor, std::vector<T> const& values) {
    tensor.set_raw_data(values.data(), values.size() * sizeof(T));
}

void set_shape(format::ValueInfo& info, std::vector<std::int64_t> const& shape) {
    auto* const type = info.mutable_type()->mutable_tensor_type();
    type->set_elem_type(format::Tensor::FLOAT);
    auto* const sides = type->mutable_shape();
    for (std::size_t i = 0; i < shape.size(); ++i) {
        auto* const side = sides->add_dim();
        // A free side gets a name of its own: the engine takes sides of one name for equal.
        if (shape[i] < 0)
            side->set_parameter(info.name() + "_" + std::to_string(i));
        else
            side->set_value(shape[i]);
    }
}

std::size_t product(std::vector<std::int64_t> const& shape) {
    std::size_t count = 1;
    for (auto const side : shape) count *= static_cast<std::size_t>(side);
    return count;
}

}  // namespace

struct OnnxGraph::State {
    format::Model model;
    std::unordered_set<std::string> names;

    format::Graph& graph() { return *model.mutable_graph(); }
    void define(std::string const& name) {
        OUNCE_CHECK(!name.empty());
        OUNCE_CHECK(names.insert(name).second);
    }
};

OnnxGraph::OnnxGraph() : state_(std::make_unique<State>()) {
    auto& model = state_->model;
    model.set_ir_version(kIrVersion);
    model.set_producer_name("ounce");
    model.mutable_graph()->set_name("ounce");
    model.add_opset_import()->set_version(kOpset);
    model.mutable_opset_import(0)->set_domain("");
}

OnnxGraph::OnnxGraph(std::unique_ptr<State> state) : state_(std::move(state)) {}
OnnxGraph::OnnxGraph(OnnxGraph&&) noexcept = default;
OnnxGraph& OnnxGraph::operator=(OnnxGraph&&) noexcept = default;
OnnxGraph::~OnnxGraph() = default;

Result<OnnxGraph> OnnxGraph::parse(ByteView bytes) {
    if (auto const bounded = check_wire_bounds(bytes, kModel); !bounded)
        return fail(bounded.error().in("not an ONNX model"));
    auto state = std::make_unique<State>();
    auto& model = state->model;
    if (!model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) || !model.has_graph())
        return fail(Code::DataLoss, "not an ONNX model: its {} bytes cannot be read as one", bytes.size());
    for (auto const& set : model.opset_import()) {
        bool const standard = set.domain().empty() || set.domain() == "ai.onnx";
        if (standard && set.version() != kOpset)
            return fail(
                Code::Unimplemented,
                "the ONNX model uses opset {}; only opset {} can be continued: export it with that one",
                set.version(), kOpset);
    }
    if (std::none_of(model.opset_import().begin(), model.opset_import().end(),
                     [](auto const& set) { return set.domain().empty() || set.domain() == "ai.onnx"; }))
        return fail(Code::DataLoss, "not an ONNX model: it names no opset");

    auto& graph = state->graph();
    graph.clear_output();
    bool unique = true;
    for (auto const& tensor : graph.initializer()) unique &= state->names.insert(tensor.name()).second;
    // An input of the same name as a weight is that weight's declaration (IR version 3), not a clash.
    for (auto const& input : graph.input()) state->names.insert(input.name());
    for (auto const& node : graph.node())
        for (auto const& output : node.output())
            if (!output.empty()) unique &= state->names.insert(output).second;
    if (!unique) return fail(Code::DataLoss, "the ONNX model gives one name to two values");
    return OnnxGraph(std::move(state));
}

void OnnxGraph::add_input(std::string const& name, std::vector<std::int64_t> const& shape) {
    state_->define(name);
    auto* const input = state_->graph().add_input();
    input->set_name(name);
    set_shape(*input, shape);
}

void OnnxGraph::add_output(std::string const& name, std::vector<std::int64_t> const& shape) {
    OUNCE_CHECK(has(name));
    auto* const output = state_->graph().add_output();
    output->set_name(name);
    set_shape(*output, shape);
}

void OnnxGraph::add_floats(std::string const& name, std::vector<std::int64_t> const& shape,
                           std::vector<float> const& values) {
    OUNCE_CHECK(product(shape) == values.size());
    state_->define(name);
    auto* const tensor = state_->graph().add_initializer();
    tensor->set_name(name);
    tensor->set_data_type(format::Tensor::FLOAT);
    tensor->mutable_dims()->Add(shape.begin(), shape.end());
    set_raw(*tensor, values);
}

void OnnxGraph::add_integers(std::string const& name, std::vector<std::int64_t> const& shape,
                             std::vector<std::int64_t> const& values) {
    OUNCE_CHECK(product(shape) == values.size());
    state_->define(name);
    auto* const tensor = state_->graph().add_initializer();
    tensor->set_name(name);
    tensor->set_data_type(format::Tensor::INT64);
    tensor->mutable_dims()->Add(shape.begin(), shape.end());
    set_raw(*tensor, values);
}

void OnnxGraph::add_node(std::string const& op, std::vector<std::string> const& inputs,
                         std::vector<std::string> const& outputs, std::vector<Attribute> const& attributes) {
    // An empty name is an optional input left out.
    for (auto const& input : inputs) OUNCE_CHECK(input.empty() || has(input));
    for (auto const& output : outputs) state_->define(output);
    auto* const node = state_->graph().add_node();
    node->set_op_type(op);
    if (!outputs.empty()) node->set_name(outputs.front());
    for (auto const& input : inputs) node->add_input(input);
    for (auto const& output : outputs) node->add_output(output);
    for (auto const& [name, value] : attributes) {
        auto* const attribute = node->add_attribute();
        attribute->set_name(name);
        if (auto const* integer = std::get_if<std::int64_t>(&value)) {
            attribute->set_i(*integer);
            attribute->set_type(format::Attribute::INT);
        } else if (auto const* number = std::get_if<float>(&value)) {
            attribute->set_f(*number);
            attribute->set_type(format::Attribute::FLOAT);
        } else if (auto const* text = std::get_if<std::string>(&value)) {
            attribute->set_s(*text);
            attribute->set_type(format::Attribute::STRING);
        } else if (auto const* integers = std::get_if<std::vector<std::int64_t>>(&value)) {
            attribute->mutable_ints()->Add(integers->begin(), integers->end());
            attribute->set_type(format::Attribute::INTS);
        } else if (auto const* numbers = std::get_if<std::vector<float>>(&value)) {
            attribute->mutable_floats()->Add(numbers->begin(), numbers->end());
            attribute->set_type(format::Attribute::FLOATS);
        }
    }
}

void OnnxGraph::add_metadata(std::string const& key, std::string const& value) {
    auto* const entry = state_->model.add_metadata_props();
    entry->set_key(key);
    entry->set_value(value);
}

void OnnxGraph::scale_input(std::string const& input, std::string const& name,
                            std::vector<std::int64_t> const& shape, std::vector<float> const& scale,
                            std::vector<float> const& offset) {
    auto& graph = state_->graph();
    auto* const inputs = graph.mutable_input();
    auto const old =
        std::find_if(inputs->begin(), inputs->end(), [&](auto const& each) { return each.name() == input; });
    OUNCE_CHECK(old != inputs->end());
    inputs->erase(old);
    state_->names.erase(input);
    add_input(name, shape);
    auto const channels = static_cast<std::int64_t>(scale.size());
    add_floats(name + "_scale", {1, channels, 1, 1}, scale);
    add_floats(name + "_offset", {1, channels, 1, 1}, offset);
    add_node("Mul", {name, name + "_scale"}, {name + "_scaled"});
    add_node("Add", {name + "_scaled", name + "_offset"}, {input});
    // Nodes stand in order of use: these two come first.
    auto* const nodes = graph.mutable_node();
    for (int step = 0; step < 2; ++step)
        for (int i = nodes->size() - 1; i > 0; --i) nodes->SwapElements(i, i - 1);
}

void OnnxGraph::prune() {
    auto& graph = state_->graph();
    OUNCE_CHECK(graph.output_size() > 0);
    std::set<std::string, std::less<>> needed;
    for (auto const& output : graph.output()) needed.insert(output.name());
    // Nodes stand in order of use: from the last to the first, a node is needed if what it makes is.
    std::vector<char> keep(static_cast<std::size_t>(graph.node_size()), 0);
    for (int i = graph.node_size() - 1; i >= 0; --i) {
        auto const& node = graph.node(i);
        if (std::none_of(node.output().begin(), node.output().end(),
                         [&](auto const& name) { return needed.contains(name); }))
            continue;
        keep[static_cast<std::size_t>(i)] = 1;
        needed.insert(node.input().begin(), node.input().end());
    }
    auto* const nodes = graph.mutable_node();
    int kept = 0;
    for (int i = 0; i < nodes->size(); ++i)
        if (keep[static_cast<std::size_t>(i)] != 0) nodes->SwapElements(kept++, i);
    nodes->DeleteSubrange(kept, nodes->size() - kept);
    auto* const weights = graph.mutable_initializer();
    int used = 0;
    for (int i = 0; i < weights->size(); ++i)
        if (needed.contains(weights->Get(i).name())) weights->SwapElements(used++, i);
    weights->DeleteSubrange(used, weights->size() - used);
}

bool OnnxGraph::has(std::string_view name) const {
    return state_->names.contains(std::string(name));
}

Bytes OnnxGraph::serialize() const {
    // No map fields in the format: the bytes follow from the order of the calls alone.
    Bytes bytes(state_->model.ByteSizeLong());
    OUNCE_CHECK(state_->model.SerializeToArray(bytes.data(), static_cast<int>(bytes.size())));
    return bytes;
}

}  // namespace ounce::vision
