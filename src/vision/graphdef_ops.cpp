#include "vision/graphdef_ops.hpp"

#include <map>
#include <utility>

#include "vision/graphdef_call.hpp"

namespace ounce::vision::graphdef {
namespace {

namespace format = tensorflow_format;

Result<ValuePtr> convert_constant(Call const& call) {
    TRY_STATUS(expect_inputs(call, 0));
    auto const* const tensor = call.attributes().tensor("value");
    if (tensor == nullptr) return fail(Code::DataLoss, "it has no value");
    TRY(auto constant, read_constant(*tensor, call.builder.budget()));
    return call.builder.constant(std::move(constant));
}

using Converter = Result<ValuePtr> (*)(Call const&);

std::map<std::string, Converter, std::less<>> const& converters() {
    static std::map<std::string, Converter, std::less<>> const table = {
        {"Add", convert_binary},
        {"AddV2", convert_binary},
        {"AvgPool", convert_pool},
        {"BiasAdd", convert_bias},
        {"Cast", convert_cast},
        {"Concat", convert_concat},
        {"ConcatV2", convert_concat},
        {"Const", convert_constant},
        {"Conv2D", convert_convolution},
        {"DepthwiseConv2dNative", convert_convolution},
        {"ExpandDims", convert_expand},
        {"FusedBatchNorm", convert_batch_norm},
        {"FusedBatchNormV2", convert_batch_norm},
        {"FusedBatchNormV3", convert_batch_norm},
        {"Identity", convert_identity},
        {"MatMul", convert_matmul},
        {"MaxPool", convert_pool},
        {"Maximum", convert_binary},
        {"Mean", convert_mean},
        {"Minimum", convert_binary},
        {"Mul", convert_binary},
        {"Neg", convert_unary},
        {"Pack", convert_pack},
        {"Pad", convert_pad},
        {"PadV2", convert_pad},
        {"PlaceholderWithDefault", convert_identity},  // a setting of training, left at its default
        {"RealDiv", convert_binary},
        {"Relu", convert_unary},
        {"Relu6", convert_unary},
        {"Reshape", convert_reshape},
        {"Rsqrt", convert_unary},
        {"Shape", convert_shape},
        {"Sigmoid", convert_unary},
        {"Softmax", convert_softmax},
        {"Sqrt", convert_unary},
        {"Squeeze", convert_squeeze},
        {"StopGradient", convert_identity},
        {"StridedSlice", convert_slice},
        {"Sub", convert_binary},
        {"Transpose", convert_transpose},
    };
    return table;
}

}  // namespace

Result<ValuePtr> convert(format::NodeDef const& node, std::vector<ValuePtr> const& inputs, Builder& builder) {
    auto const found = converters().find(node.op());
    if (found == converters().end())
        return fail(Code::Unimplemented, "TensorFlow's op '{}' (node '{}') is not supported",
                    shown(node.op()), shown(node.name()));
    auto value = found->second(Call{node, inputs, builder});
    if (!value) return fail(value.error().in(fmt::format("node '{}' ({})", shown(node.name()), node.op())));
    return value;
}

}  // namespace ounce::vision::graphdef
