#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "vision/graphdef_builder.hpp"
#include "vision/graphdef_nodes.hpp"

namespace ounce::vision::graphdef {

using Integers = std::vector<std::int64_t>;

/// A node that is being converted: what an op's function gets to see. Borrows all of it.
struct Call {
    tensorflow_format::NodeDef const& node;
    std::vector<ValuePtr> const& inputs;
    Builder& builder;

    [[nodiscard]] Attributes attributes() const { return Attributes(node); }
    [[nodiscard]] Value& input(std::size_t index) const { return *inputs.at(index); }
    [[nodiscard]] std::string const& name() const { return node.name(); }
};

// What the ops' functions ask of a node and its inputs. Each says in its error what is wrong with the node,
// not which node it is: convert() adds that.

/// Errors: DataLoss if the node has another number of inputs.
Status expect_inputs(Call const& call, std::size_t number);
/// Errors: DataLoss for another rank.
Status expect_rank(Value const& value, std::size_t rank);
/// Errors: Unimplemented for a data_format other than NHWC.
Status expect_nhwc(Call const& call);
/// A side that does not follow the batch. Errors: Unimplemented if it does.
Result<std::int64_t> fixed(Side const& side);
/// The constant, of any type or of that type. Errors: Unimplemented if the value depends on the picture;
/// DataLoss for another type.
Result<Constant const*> constant_of(Value const& value);
Result<Constant const*> floats_of(Value const& value);
Result<Integers> integers_of(Value const& value);
/// An axis as TensorFlow writes it (-1 is the last). Errors: DataLoss if there is no such axis.
Result<std::size_t> axis_of(std::int64_t axis, std::size_t rank);
/// Where an axis of N H W C is in N C H W.
std::size_t nchw_axis(std::size_t nhwc_axis);
/// Whether the value is a map that exists as N C H W already.
bool prefers_nchw(Value const& value);

// The ops, grouped as their files are. Errors: Unimplemented for a variant that is not supported; DataLoss
// where node and inputs do not fit.

// graphdef_elements.cpp
Result<ValuePtr> convert_identity(Call const& call);
Result<ValuePtr> convert_unary(Call const& call);
Result<ValuePtr> convert_binary(Call const& call);
Result<ValuePtr> convert_bias(Call const& call);
Result<ValuePtr> convert_batch_norm(Call const& call);
Result<ValuePtr> convert_softmax(Call const& call);
Result<ValuePtr> convert_matmul(Call const& call);
Result<ValuePtr> convert_cast(Call const& call);

// graphdef_windows.cpp
Result<ValuePtr> convert_convolution(Call const& call);
Result<ValuePtr> convert_pool(Call const& call);

// graphdef_axes.cpp
Result<ValuePtr> convert_mean(Call const& call);
Result<ValuePtr> convert_concat(Call const& call);
Result<ValuePtr> convert_pack(Call const& call);
Result<ValuePtr> convert_pad(Call const& call);
Result<ValuePtr> convert_shape(Call const& call);
Result<ValuePtr> convert_reshape(Call const& call);
Result<ValuePtr> convert_squeeze(Call const& call);
Result<ValuePtr> convert_expand(Call const& call);
Result<ValuePtr> convert_transpose(Call const& call);

// graphdef_slice.cpp
Result<ValuePtr> convert_slice(Call const& call);

}  // namespace ounce::vision::graphdef
