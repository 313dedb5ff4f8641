#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace ounce::vision {

/// Writes an ONNX model (onnx.proto, IR version 8, opset 13) node by node. Deterministic: the same calls give
/// the same bytes. Names must be unique; a node's inputs must exist already (broken invariant otherwise).
class OnnxGraph {
  public:
    using AttributeValue =
        std::variant<std::int64_t, float, std::string, std::vector<std::int64_t>, std::vector<float>>;
    struct Attribute {
        std::string name;
        AttributeValue value;
    };

    OnnxGraph();
    /// Continues an existing model: its graph's nodes, weights and inputs are kept, its outputs forgotten
    /// (they can be named again). Errors: DataLoss if `model` is not ONNX; Unimplemented for another opset.
    static Result<OnnxGraph> parse(ByteView model);
    OnnxGraph(OnnxGraph&&) noexcept;
    OnnxGraph& operator=(OnnxGraph&&) noexcept;
    ~OnnxGraph();

    /// -1 in `shape` = free.
    void add_input(std::string const& name, std::vector<std::int64_t> const& shape);
    void add_output(std::string const& name, std::vector<std::int64_t> const& shape);
    void add_floats(std::string const& name, std::vector<std::int64_t> const& shape,
                    std::vector<float> const& values);
    void add_integers(std::string const& name, std::vector<std::int64_t> const& shape,
                      std::vector<std::int64_t> const& values);
    void add_node(std::string const& op, std::vector<std::string> const& inputs,
                  std::vector<std::string> const& outputs, std::vector<Attribute> const& attributes = {});
    /// Free text kept in the model (`metadata_props`).
    void add_metadata(std::string const& key, std::string const& value);

    /// Puts `input` * scale + offset, channel by channel, before the model: it then reads `name` (N x
    /// channels x H x W, `shape`) instead of its input `input`, which must be one.
    void scale_input(std::string const& input, std::string const& name,
                     std::vector<std::int64_t> const& shape, std::vector<float> const& scale,
                     std::vector<float> const& offset);

    /// Drops every node and weight that no output needs. Outputs must have been named.
    void prune();

    [[nodiscard]] bool has(std::string_view name) const;
    [[nodiscard]] Bytes serialize() const;

  private:
    struct State;
    explicit OnnxGraph(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace ounce::vision
