#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "proto/graphdef.pb.h"

namespace ounce::vision::graphdef {

inline constexpr int kNodesMax = 100'000;  // real classifiers have hundreds

/// A name out of a hostile file, fit for an error message: cut at 100 characters, odd ones replaced.
std::string shown(std::string_view name);

/// A node's attributes with their types checked. Borrows the node.
class Attributes {
  public:
    explicit Attributes(tensorflow_format::NodeDef const& node) : node_(node) {}

    // Each: Errors: DataLoss if the attribute is there but of another kind (or, without a default, missing).
    [[nodiscard]] Result<std::int64_t> integer(char const* name, std::int64_t otherwise) const;
    [[nodiscard]] Result<bool> flag(char const* name, bool otherwise) const;
    [[nodiscard]] Result<float> number(char const* name, float otherwise) const;
    [[nodiscard]] Result<std::string> text(char const* name, std::string const& otherwise) const;
    [[nodiscard]] Result<std::vector<std::int64_t>> integers(
        char const* name, std::vector<std::int64_t> const& otherwise) const;
    [[nodiscard]] Result<tensorflow_format::DataType> type(char const* name) const;
    /// nullptr if missing or of another kind.
    [[nodiscard]] tensorflow_format::Tensor const* tensor(char const* name) const;
    [[nodiscard]] tensorflow_format::TensorShape const* shape(char const* name) const;

  private:
    [[nodiscard]] tensorflow_format::AttrValue const* find(char const* name) const;
    tensorflow_format::NodeDef const& node_;
};

/// The nodes of a graph by name, with the edges that carry data. Borrows the graph.
class Nodes {
  public:
    /// Errors: ResourceExhausted above kNodesMax; DataLoss for a node without a name or two of one name.
    static Result<Nodes> create(tensorflow_format::GraphDef const& graph);

    [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const;
    [[nodiscard]] tensorflow_format::NodeDef const& at(std::size_t index) const;

    /// The nodes whose first outputs `node` reads, in order; control edges ("^name") carry no data.
    /// Errors: DataLoss for an input that does not exist; Unimplemented for a further output ("name:1").
    [[nodiscard]] Result<std::vector<std::size_t>> inputs(std::size_t node) const;

    /// All that `wanted` depend on, themselves among them, each after its inputs; nothing behind `input`,
    /// where the picture comes in. Errors: DataLoss for a cycle; as inputs().
    [[nodiscard]] Result<std::vector<std::size_t>> order(std::vector<std::size_t> const& wanted,
                                                         std::size_t input) const;

  private:
    tensorflow_format::GraphDef const* graph_ = nullptr;
    std::unordered_map<std::string_view, std::size_t> by_name_;
};

}  // namespace ounce::vision::graphdef
