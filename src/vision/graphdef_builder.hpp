#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "vision/graphdef_constant.hpp"
#include "vision/graphdef_shape.hpp"
#include "vision/onnx_graph.hpp"

namespace ounce::vision::graphdef {

/// What a TensorFlow node stands for: a constant, or a tensor computed from the picture. TensorFlow keeps
/// pictures as N H W C, ONNX as N C H W: a tensor of rank 4 may exist in either order, or in both, and is
/// transposed only where an op wants the order that is not there yet.
struct Value {
    Shape shape;  // in TensorFlow's order, whichever is there
    std::optional<Constant> constant;
    std::string plain;  // the ONNX tensor in TensorFlow's order; "" = not made yet
    std::string nchw;   // the same as N C H W; rank 4 only (a constant's rank is padded to 4)
};
using ValuePtr = std::shared_ptr<Value>;

/// Where each axis of N H W C goes in N C H W, and the other way about.
inline constexpr std::size_t kToNchw[] = {0, 3, 1, 2};  // ONNX axis i is TensorFlow axis kToNchw[i]
inline constexpr std::size_t kToNhwc[] = {0, 2, 3, 1};

/// Collects the ONNX nodes that the ops of the graph become.
class Builder {
  public:
    enum class Layout { Plain, Nchw };

    explicit Builder(Budget& budget) : budget_(budget) {}

    OnnxGraph& graph() { return graph_; }
    Budget& budget() { return budget_; }

    /// Keeps `name` for later: name() will not give it out.
    void reserve(std::string const& name) { reserved_.insert(name); }
    /// A name not in use, like `wish`.
    std::string name(std::string_view wish);

    /// The ONNX tensor of `value` in TensorFlow's order, made if need be.
    /// Errors: Unimplemented for whole numbers, which the models' arithmetic does not have.
    Result<std::string> plain(Value& value);
    /// The same as N C H W. Errors: DataLoss if `value` cannot have rank 4; as plain().
    Result<std::string> nchw(Value& value);

    /// Adds a node with one output and returns that. Errors: as count() of `shape`.
    Result<ValuePtr> emit(std::string_view wish, std::string const& op,
                          std::vector<std::string> const& inputs, Shape shape, Layout layout,
                          std::vector<OnnxGraph::Attribute> const& attributes = {});
    Result<ValuePtr> constant(Constant constant);
    /// `value` in another shape of the same count.
    Result<ValuePtr> reshaped(std::string_view wish, Value& value, Shape const& shape);

    std::string floats(std::string_view wish, std::vector<std::int64_t> const& sides,
                       std::vector<float> const& values);
    std::string integers(std::string_view wish, std::vector<std::int64_t> const& values);

  private:
    OnnxGraph graph_;
    Budget& budget_;
    std::unordered_set<std::string> reserved_;
    std::size_t names_ = 0;
};

}  // namespace ounce::vision::graphdef
