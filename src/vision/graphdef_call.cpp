#include "vision/graphdef_call.hpp"

namespace ounce::vision::graphdef {

Status expect_inputs(Call const& call, std::size_t number) {
    if (call.inputs.size() != number)
        return fail(Code::DataLoss, "it has {} inputs, not {}", call.inputs.size(), number);
    return {};
}

Status expect_rank(Value const& value, std::size_t rank) {
    if (value.shape.size() != rank)
        return fail(Code::DataLoss, "an input is {}, not of rank {}", describe(value.shape), rank);
    return {};
}

Status expect_nhwc(Call const& call) {
    TRY(auto const layout, call.attributes().text("data_format", "NHWC"));
    if (layout != "NHWC")
        return fail(Code::Unimplemented, "data_format '{}' is not supported", shown(layout));
    return {};
}

Result<std::int64_t> fixed(Side const& side) {
    if (side.per_picture) return fail(Code::Unimplemented, "the op works across the pictures of a batch");
    return side.factor;
}

Result<Constant const*> constant_of(Value const& value) {
    if (!value.constant)
        return fail(Code::Unimplemented, "an input that must be constant depends on the picture");
    return &*value.constant;
}

Result<Constant const*> floats_of(Value const& value) {
    TRY(auto const* const constant, constant_of(value));
    if (constant->whole) return fail(Code::DataLoss, "an input holds whole numbers, not floats");
    return constant;
}

Result<Integers> integers_of(Value const& value) {
    TRY(auto const* const constant, constant_of(value));
    return whole_numbers(*constant);
}

// -1 is the last axis.
Result<std::size_t> axis_of(std::int64_t axis, std::size_t rank) {
    auto const signed_rank = static_cast<std::int64_t>(rank);
    if (axis < -signed_rank || axis >= signed_rank)
        return fail(Code::DataLoss, "axis {} does not exist on rank {}", axis, rank);
    return static_cast<std::size_t>(axis < 0 ? axis + signed_rank : axis);
}

std::size_t nchw_axis(std::size_t nhwc_axis) {
    return nhwc_axis == 3 ? 1 : nhwc_axis == 0 ? 0 : nhwc_axis + 1;
}

bool prefers_nchw(Value const& value) {
    return value.shape.size() == 4 && !value.nchw.empty();
}

}  // namespace ounce::vision::graphdef
