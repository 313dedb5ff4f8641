#include "vision/graphdef_call.hpp"

#include <algorithm>
#include <utility>

namespace ounce::vision::graphdef {
namespace {

using Layout = Builder::Layout;

constexpr std::int64_t kPadMax = 65'536;

// Joins values along `axis`; their other sides must be equal.
Result<ValuePtr> join(Call const& call, std::vector<ValuePtr> const& parts, std::size_t axis) {
    auto& builder = call.builder;
    std::vector<Constant const*> constants;
    bool nchw = false;
    bool all_maps = true;
    Shape shape = parts.front()->shape;
    TRY(shape[axis].factor, fixed(shape[axis]));
    shape[axis].factor = 0;
    for (auto const& part : parts) {
        if (part->constant) constants.push_back(&*part->constant);
        nchw |= prefers_nchw(*part);
        all_maps &= part->shape.size() == 4;
        if (part->shape.size() != shape.size()) return fail(Code::DataLoss, "its inputs differ in rank");
        for (std::size_t i = 0; i < shape.size(); ++i)
            if (i != axis && part->shape[i] != shape[i])
                return fail(Code::DataLoss, "inputs of {} and {} cannot be joined",
                            describe(parts.front()->shape), describe(part->shape));
        TRY(auto const side, fixed(part->shape[axis]));
        if (side > kValuesMax - shape[axis].factor)
            return fail(Code::ResourceExhausted, "the joined tensor has more than {} values", kValuesMax);
        shape[axis].factor += side;
    }
    if (constants.size() == parts.size()) {
        TRY(auto joined, concatenated(constants, axis, builder.budget()));
        return builder.constant(std::move(joined));
    }
    nchw = nchw && all_maps;
    std::vector<std::string> names;
    for (auto const& part : parts) {
        TRY(auto name, nchw ? builder.nchw(*part) : builder.plain(*part));
        names.push_back(std::move(name));
    }
    return builder.emit(call.name(), "Concat", names, std::move(shape), nchw ? Layout::Nchw : Layout::Plain,
                        {{"axis", static_cast<std::int64_t>(nchw ? nchw_axis(axis) : axis)}});
}

}  // namespace

Result<ValuePtr> convert_mean(Call const& call) {
    TRY_STATUS(expect_inputs(call, 2));
    auto& value = call.input(0);
    TRY(auto const listed, integers_of(call.input(1)));
    TRY(bool const keep, call.attributes().flag("keep_dims", false));
    std::vector<bool> reduced(value.shape.size(), false);
    for (auto const number : listed) {
        TRY(auto const axis, axis_of(number, value.shape.size()));
        TRY_STATUS(fixed(value.shape[axis]).map([](std::int64_t) {}));
        reduced[axis] = true;
    }
    if (listed.empty()) return call.inputs.front();
    Shape shape;
    for (std::size_t i = 0; i < reduced.size(); ++i) {
        if (!reduced[i]) shape.push_back(value.shape[i]);
        if (reduced[i] && keep) shape.push_back({1, false});
    }
    // In N C H W the result has TensorFlow's order only if the axes are kept or rows and columns both go.
    bool const nchw = prefers_nchw(value) && (keep || (reduced[1] && reduced[2]));
    Integers axes;
    for (std::size_t i = 0; i < reduced.size(); ++i)
        if (reduced[i]) axes.push_back(static_cast<std::int64_t>(nchw ? nchw_axis(i) : i));
    std::ranges::sort(axes);
    TRY(auto const input, nchw ? call.builder.nchw(value) : call.builder.plain(value));
    return call.builder.emit(call.name(), "ReduceMean", {input}, std::move(shape),
                             nchw && keep ? Layout::Nchw : Layout::Plain,
                             {{"axes", axes}, {"keepdims", std::int64_t{keep}}});
}

Result<ValuePtr> convert_concat(Call const& call) {
    if (call.inputs.size() < 2) return fail(Code::DataLoss, "it has {} inputs", call.inputs.size());
    bool const axis_first = call.node.op() == "Concat";
    TRY(auto const axes, integers_of(axis_first ? *call.inputs.front() : *call.inputs.back()));
    if (axes.size() != 1) return fail(Code::DataLoss, "its axis is not one number");
    std::vector<ValuePtr> const parts(call.inputs.begin() + (axis_first ? 1 : 0),
                                      call.inputs.end() - (axis_first ? 0 : 1));
    TRY(auto const axis, axis_of(axes.front(), parts.front()->shape.size()));
    return join(call, parts, axis);
}

Result<ValuePtr> convert_pack(Call const& call) {
    if (call.inputs.empty()) return fail(Code::DataLoss, "it has no inputs");
    TRY(auto const number, call.attributes().integer("axis", 0));
    TRY(auto const axis, axis_of(number, call.input(0).shape.size() + 1));
    std::vector<ValuePtr> parts;
    for (auto const& input : call.inputs) {
        if (input->shape.size() < axis) return fail(Code::DataLoss, "its inputs differ in rank");
        auto shape = input->shape;
        shape.insert(shape.begin() + static_cast<std::ptrdiff_t>(axis), Side{1, false});
        TRY(auto part, call.builder.reshaped(call.name() + "/part", *input, shape));
        parts.push_back(std::move(part));
    }
    return join(call, parts, axis);
}

Result<ValuePtr> convert_pad(Call const& call) {
    bool const given = call.node.op() == "PadV2";
    TRY_STATUS(expect_inputs(call, given ? 3 : 2));
    auto& value = call.input(0);
    auto const rank = value.shape.size();
    TRY(auto const pads, integers_of(call.input(1)));
    if (pads.size() != rank * 2)
        return fail(Code::DataLoss, "{} paddings do not fit rank {}", pads.size(), rank);
    float fill = 0;
    if (given) {
        TRY(auto const* const constant, floats_of(call.input(2)));
        if (constant->size() != 1) return fail(Code::DataLoss, "its value is not one number");
        fill = constant->floats.front();
    }
    bool const nchw = prefers_nchw(value);
    Integers before_after(rank * 2);
    auto shape = value.shape;
    for (std::size_t i = 0; i < rank; ++i) {
        auto const before = pads[2 * i];
        auto const after = pads[2 * i + 1];
        if (before < 0 || after < 0 || before > kPadMax || after > kPadMax)
            return fail(Code::DataLoss, "a side is padded by {} and {}", before, after);
        if (before + after > 0) TRY_STATUS(fixed(shape[i]).map([](std::int64_t) {}));
        shape[i].factor += before + after;
        auto const axis = nchw ? nchw_axis(i) : i;
        before_after[axis] = before;
        before_after[axis + rank] = after;
    }
    auto& builder = call.builder;
    TRY(auto const input, nchw ? builder.nchw(value) : builder.plain(value));
    return builder.emit(call.name(), "Pad",
                        {input, builder.integers("pads", before_after), builder.floats("fill", {}, {fill})},
                        std::move(shape), nchw ? Layout::Nchw : Layout::Plain);
}

Result<ValuePtr> convert_shape(Call const& call) {
    TRY_STATUS(expect_inputs(call, 1));
    auto const& shape = call.input(0).shape;
    TRY_STATUS(call.builder.budget().take(shape.size()));
    Constant constant{
        .sides = {static_cast<std::int64_t>(shape.size())}, .whole = true, .floats = {}, .numbers = shape};
    return call.builder.constant(std::move(constant));
}

Result<ValuePtr> convert_reshape(Call const& call) {
    TRY_STATUS(expect_inputs(call, 2));
    TRY(auto const* const wish, constant_of(call.input(1)));
    if (!wish->whole || wish->sides.size() != 1)
        return fail(Code::DataLoss, "its shape is no vector of numbers");
    TRY(auto const shape, reshape(call.input(0).shape, wish->numbers));
    return call.builder.reshaped(call.name(), call.input(0), shape);
}

Result<ValuePtr> convert_squeeze(Call const& call) {
    TRY_STATUS(expect_inputs(call, 1));
    auto& value = call.input(0);
    TRY(auto const listed, call.attributes().integers("squeeze_dims", {}));
    Side const one{1, false};
    std::vector<bool> drop(value.shape.size(), false);
    for (auto const number : listed) {
        TRY(auto const axis, axis_of(number, value.shape.size()));
        if (value.shape[axis] != one)
            return fail(Code::DataLoss, "axis {} of {} is not 1", axis, describe(value.shape));
        drop[axis] = true;
    }
    Shape shape;
    for (std::size_t i = 0; i < drop.size(); ++i)
        if (!(listed.empty() ? value.shape[i] == one : drop[i])) shape.push_back(value.shape[i]);
    return call.builder.reshaped(call.name(), value, shape);
}

Result<ValuePtr> convert_expand(Call const& call) {
    TRY_STATUS(expect_inputs(call, 2));
    auto& value = call.input(0);
    TRY(auto const axes, integers_of(call.input(1)));
    if (axes.size() != 1) return fail(Code::DataLoss, "its axis is not one number");
    TRY(auto const axis, axis_of(axes.front(), value.shape.size() + 1));
    auto shape = value.shape;
    shape.insert(shape.begin() + static_cast<std::ptrdiff_t>(axis), Side{1, false});
    return call.builder.reshaped(call.name(), value, shape);
}

Result<ValuePtr> convert_transpose(Call const& call) {
    TRY_STATUS(expect_inputs(call, 2));
    auto& value = call.input(0);
    TRY(auto const listed, integers_of(call.input(1)));
    std::vector<std::size_t> order;
    Shape shape;
    std::vector<bool> seen(value.shape.size(), false);
    if (listed.size() != seen.size()) return fail(Code::DataLoss, "its permutation does not fit the rank");
    for (auto const number : listed) {
        TRY(auto const axis, axis_of(number, seen.size()));
        if (seen[axis]) return fail(Code::DataLoss, "its permutation names axis {} twice", axis);
        seen[axis] = true;
        order.push_back(axis);
        shape.push_back(value.shape[axis]);
    }
    if (value.constant) {
        TRY(auto turned, transposed(*value.constant, order, call.builder.budget()));
        return call.builder.constant(std::move(turned));
    }
    TRY(auto const input, call.builder.plain(value));
    return call.builder.emit(call.name(), "Transpose", {input}, std::move(shape), Layout::Plain,
                             {{"perm", Integers(order.begin(), order.end())}});
}

}  // namespace ounce::vision::graphdef
