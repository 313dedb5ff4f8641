#include "vision/graphdef_nodes.hpp"

namespace ounce::vision::graphdef {

namespace format = tensorflow_format;

namespace {

constexpr std::size_t kShownMax = 100;

tl::unexpected<Error> wrong_attribute(char const* name) {
    return fail(Code::DataLoss, "its attribute '{}' is missing or of the wrong kind", name);
}

}  // namespace

std::string shown(std::string_view name) {
    std::string text(name.substr(0, kShownMax));
    for (auto& letter : text)
        if (letter < ' ' || letter > '~') letter = '?';
    return name.size() > kShownMax ? text + "..." : text;
}

format::AttrValue const* Attributes::find(char const* name) const {
    auto const found = node_.attr().find(name);
    return found == node_.attr().end() ? nullptr : &found->second;
}

Result<std::int64_t> Attributes::integer(char const* name, std::int64_t otherwise) const {
    auto const* const value = find(name);
    if (value == nullptr) return otherwise;
    if (value->value_case() != format::AttrValue::kI) return wrong_attribute(name);
    return value->i();
}

Result<bool> Attributes::flag(char const* name, bool otherwise) const {
    auto const* const value = find(name);
    if (value == nullptr) return otherwise;
    if (value->value_case() != format::AttrValue::kB) return wrong_attribute(name);
    return value->b();
}

Result<float> Attributes::number(char const* name, float otherwise) const {
    auto const* const value = find(name);
    if (value == nullptr) return otherwise;
    if (value->value_case() != format::AttrValue::kF) return wrong_attribute(name);
    return value->f();
}

Result<std::string> Attributes::text(char const* name, std::string const& otherwise) const {
    auto const* const value = find(name);
    if (value == nullptr) return otherwise;
    if (value->value_case() != format::AttrValue::kS) return wrong_attribute(name);
    return value->s();
}

Result<std::vector<std::int64_t>> Attributes::integers(char const* name,
                                                       std::vector<std::int64_t> const& otherwise) const {
    auto const* const value = find(name);
    if (value == nullptr) return otherwise;
    if (value->value_case() != format::AttrValue::kList) return wrong_attribute(name);
    return std::vector<std::int64_t>(value->list().i().begin(), value->list().i().end());
}

Result<format::DataType> Attributes::type(char const* name) const {
    auto const* const value = find(name);
    if (value == nullptr || value->value_case() != format::AttrValue::kType) return wrong_attribute(name);
    return value->type();
}

format::Tensor const* Attributes::tensor(char const* name) const {
    auto const* const value = find(name);
    return value == nullptr || !value->has_tensor() ? nullptr : &value->tensor();
}

format::TensorShape const* Attributes::shape(char const* name) const {
    auto const* const value = find(name);
    return value == nullptr || !value->has_shape() ? nullptr : &value->shape();
}

Result<Nodes> Nodes::create(format::GraphDef const& graph) {
    if (graph.node_size() > kNodesMax)
        return fail(Code::ResourceExhausted, "the graph has {} nodes, more than {}", graph.node_size(),
                    kNodesMax);
    Nodes nodes;
    nodes.graph_ = &graph;
    for (int i = 0; i < graph.node_size(); ++i) {
        auto const& name = graph.node(i).name();
        if (name.empty()) return fail(Code::DataLoss, "a node of the graph has no name");
        if (!nodes.by_name_.emplace(name, static_cast<std::size_t>(i)).second)
            return fail(Code::DataLoss, "two nodes of the graph are called '{}'", shown(name));
    }
    return nodes;
}

std::optional<std::size_t> Nodes::find(std::string_view name) const {
    auto const found = by_name_.find(name);
    return found == by_name_.end() ? std::nullopt : std::optional(found->second);
}

format::NodeDef const& Nodes::at(std::size_t index) const {
    return graph_->node(static_cast<int>(index));
}

Result<std::vector<std::size_t>> Nodes::inputs(std::size_t node) const {
    std::vector<std::size_t> inputs;
    for (std::string_view name : at(node).input()) {
        if (name.starts_with('^')) continue;
        if (auto const colon = name.rfind(':'); colon != std::string_view::npos) {
            if (name.substr(colon) != ":0")
                return fail(Code::Unimplemented, "node '{}' reads '{}': only first outputs are supported",
                            shown(at(node).name()), shown(name));
            name.remove_suffix(2);
        }
        auto const found = find(name);
        if (!found)
            return fail(Code::DataLoss, "node '{}' reads '{}', which is not in the graph",
                        shown(at(node).name()), shown(name));
        inputs.push_back(*found);
    }
    return inputs;
}

Result<std::vector<std::size_t>> Nodes::order(std::vector<std::size_t> const& wanted,
                                              std::size_t input) const {
    enum class Mark : std::uint8_t { New, Open, Done };
    struct Visit {
        std::size_t node;
        std::vector<std::size_t> inputs;
        std::size_t next = 0;
    };
    // Depth first with a stack of our own: a chain of a million nodes must not use up the thread's.
    std::vector<Mark> marks(static_cast<std::size_t>(graph_->node_size()), Mark::New);
    std::vector<std::size_t> order;
    std::vector<Visit> open;
    auto const enter = [&](std::size_t node) -> Status {
        marks[node] = Mark::Open;
        std::vector<std::size_t> read;
        if (node != input) {
            TRY(read, inputs(node));
        }
        open.push_back({node, std::move(read)});
        return {};
    };
    for (auto const root : wanted) {
        if (marks[root] != Mark::New) continue;
        TRY_STATUS(enter(root));
        while (!open.empty()) {
            auto& visit = open.back();
            if (visit.next == visit.inputs.size()) {
                marks[visit.node] = Mark::Done;
                order.push_back(visit.node);
                open.pop_back();
                continue;
            }
            auto const next = visit.inputs[visit.next++];
            if (marks[next] == Mark::Open)
                return fail(Code::DataLoss, "the graph goes round in a circle at node '{}'",
                            shown(at(next).name()));
            if (marks[next] == Mark::New) TRY_STATUS(enter(next));
        }
    }
    return order;
}

}  // namespace ounce::vision::graphdef
