#include "vision/graphdef_ops.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <utility>

namespace ounce::vision::graphdef {
namespace {

namespace format = tensorflow_format;
using Layout = Builder::Layout;
using Integers = std::vector<std::int64_t>;

constexpr std::int64_t kPadMax = 65'536;

// What an op's function gets to see.
struct Call {
    format::NodeDef const& node;
    std::vector<ValuePtr> const& inputs;
    Builder& builder;

    [[nodiscard]] Attributes attributes() const { return Attributes(node); }
    [[nodiscard]] Value& input(std::size_t index) const { return *inputs.at(index); }
    [[nodiscard]] std::string const& name() const { return node.name(); }
};

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

// --- Element by element ---------------------------------------------------------------------------------

Result<ValuePtr> convert_identity(Call const& call) {
    TRY_STATUS(expect_inputs(call, 1));
    return call.inputs.front();
}

Result<ValuePtr> convert_unary(Call const& call) {
    TRY_STATUS(expect_inputs(call, 1));
    auto& value = call.input(0);
    auto& builder = call.builder;
    if (value.constant) {
        TRY(auto folded, fold(call.node.op(), *value.constant, builder.budget()));
        return builder.constant(std::move(folded));
    }
    auto const layout = prefers_nchw(value) ? Layout::Nchw : Layout::Plain;
    auto const& input = layout == Layout::Nchw ? value.nchw : value.plain;
    auto const& op = call.node.op();
    if (op == "Rsqrt") {
        TRY(auto const root, builder.emit(call.name() + "/sqrt", "Sqrt", {input}, value.shape, layout));
        return builder.emit(call.name(), "Reciprocal", {layout == Layout::Nchw ? root->nchw : root->plain},
                            value.shape, layout);
    }
    if (op == "Relu6")
        return builder.emit(call.name(), "Clip",
                            {input, builder.floats("zero", {}, {0}), builder.floats("six", {}, {6})},
                            value.shape, layout);
    return builder.emit(call.name(), op, {input}, value.shape, layout);  // of one name in both
}

Result<ValuePtr> convert_binary(Call const& call) {
    TRY_STATUS(expect_inputs(call, 2));
    auto& a = call.input(0);
    auto& b = call.input(1);
    auto& builder = call.builder;
    if (a.constant && b.constant) {
        TRY(auto folded, fold(call.node.op(), *a.constant, *b.constant, builder.budget()));
        return builder.constant(std::move(folded));
    }
    TRY(auto shape, broadcast(a.shape, b.shape));
    static std::map<std::string, std::string> const kOnnx = {
        {"Add", "Add"}, {"AddV2", "Add"},   {"BiasAdd", "Add"}, {"Sub", "Sub"},
        {"Mul", "Mul"}, {"RealDiv", "Div"}, {"Maximum", "Max"}, {"Minimum", "Min"}};
    // In N C H W if one side is already there and the other can be: a constant of any rank, or rank 4.
    auto const can_nchw = [](Value const& value) {
        return value.shape.size() == 4 || (value.constant && value.shape.size() < 4);
    };
    bool const nchw = (prefers_nchw(a) || prefers_nchw(b)) && can_nchw(a) && can_nchw(b);
    TRY(auto const left, nchw ? builder.nchw(a) : builder.plain(a));
    TRY(auto const right, nchw ? builder.nchw(b) : builder.plain(b));
    return builder.emit(call.name(), kOnnx.at(call.node.op()), {left, right}, std::move(shape),
                        nchw ? Layout::Nchw : Layout::Plain);
}

Result<ValuePtr> convert_bias(Call const& call) {
    TRY_STATUS(expect_inputs(call, 2));
    TRY_STATUS(expect_nhwc(call));
    auto const& shape = call.input(0).shape;
    auto const& bias = call.input(1).shape;
    if (shape.size() < 2 || bias.size() != 1 || bias.front() != shape.back())
        return fail(Code::DataLoss, "a bias of {} does not fit {}", describe(bias), describe(shape));
    if (call.input(0).constant && call.input(1).constant)
        return fail(Code::Unimplemented, "the op is not done on constants");
    return convert_binary(call);
}

Result<ValuePtr> convert_batch_norm(Call const& call) {
    TRY_STATUS(expect_inputs(call, 5));
    TRY_STATUS(expect_nhwc(call));
    TRY(bool const training, call.attributes().flag("is_training", true));
    if (training)
        return fail(Code::Unimplemented, "is_training is set: the graph was not frozen for inference");
    TRY(float const epsilon, call.attributes().number("epsilon", 1e-4F));
    auto& x = call.input(0);
    TRY_STATUS(expect_rank(x, 4));
    TRY(auto const channels, fixed(x.shape[3]));
    TRY(auto const input, call.builder.nchw(x));
    std::vector<std::string> inputs{input};
    for (std::size_t i = 1; i < 5; ++i) {
        TRY(auto const* const constant, floats_of(call.input(i)));
        if (constant->sides != Integers{channels})
            return fail(Code::DataLoss, "{} channels do not fit {}", channels, describe(constant->shape()));
        TRY(auto name, call.builder.plain(call.input(i)));
        inputs.push_back(std::move(name));
    }
    return call.builder.emit(call.name(), "BatchNormalization", inputs, x.shape, Layout::Nchw,
                             {{"epsilon", epsilon}});
}

Result<ValuePtr> convert_softmax(Call const& call) {
    TRY_STATUS(expect_inputs(call, 1));
    auto& value = call.input(0);
    if (value.shape.empty()) return fail(Code::DataLoss, "the input is a scalar");
    TRY_STATUS(fixed(value.shape.back()).map([](std::int64_t) {}));
    TRY(auto const input, call.builder.plain(value));
    return call.builder.emit(call.name(), "Softmax", {input}, value.shape, Layout::Plain,
                             {{"axis", static_cast<std::int64_t>(value.shape.size()) - 1}});
}

// --- Windows --------------------------------------------------------------------------------------------

struct Windows {
    std::array<Placement, 2> placed;  // over rows, over columns
    Integers strides;
    Integers dilations;

    [[nodiscard]] Integers pads() const {
        return {placed[0].before, placed[1].before, placed[0].after, placed[1].after};
    }
};

// The attributes that convolutions and pooling share, applied to an input N H W C.
Result<Windows> windows_of(Call const& call, Shape const& shape, std::array<std::int64_t, 2> const& sizes) {
    auto const attributes = call.attributes();
    TRY_STATUS(expect_nhwc(call));
    TRY(auto const strides, attributes.integers("strides", {}));
    TRY(auto const dilations, attributes.integers("dilations", {1, 1, 1, 1}));
    for (auto const* const list : {&strides, &dilations}) {
        if (list->size() != 4) return fail(Code::DataLoss, "its strides or dilations are not four numbers");
        if (list->front() != 1 || list->back() != 1)
            return fail(Code::Unimplemented, "it steps over pictures or channels");
    }
    TRY(auto const kind, attributes.text("padding", ""));
    auto padding = Padding::Valid;
    std::array<Placement, 2> given;
    if (kind == "SAME") {
        padding = Padding::Same;
    } else if (kind == "EXPLICIT") {
        padding = Padding::Explicit;
        TRY(auto const pads, attributes.integers("explicit_paddings", {}));
        if (pads.size() != 8 || pads[0] != 0 || pads[1] != 0 || pads[6] != 0 || pads[7] != 0)
            return fail(Code::DataLoss, "its explicit_paddings are not eight numbers with 0 for N and C");
        given = {Placement{pads[2], pads[3]}, Placement{pads[4], pads[5]}};
    } else if (kind != "VALID") {
        return fail(Code::Unimplemented, "padding '{}' is not supported", shown(kind));
    }
    Windows windows{
        .placed = {}, .strides = {strides[1], strides[2]}, .dilations = {dilations[1], dilations[2]}};
    for (std::size_t i = 0; i < 2; ++i) {
        TRY(auto const side, fixed(shape[i + 1]));
        TRY(windows.placed[i], place(side, {sizes[i], strides[i + 1], dilations[i + 1]}, padding, given[i]));
    }
    return windows;
}

Shape window_shape(Shape const& input, Windows const& windows, std::int64_t channels) {
    return {input[0], {windows.placed[0].windows}, {windows.placed[1].windows}, {channels}};
}

Result<ValuePtr> convert_convolution(Call const& call) {
    bool const depthwise = call.node.op() == "DepthwiseConv2dNative";
    TRY_STATUS(expect_inputs(call, 2));
    auto& x = call.input(0);
    TRY_STATUS(expect_rank(x, 4));
    TRY(auto const* const filter, floats_of(call.input(1)));
    TRY_STATUS(expect_rank(call.input(1), 4));
    TRY_STATUS(count(filter->shape()).map([](Side const&) {}));
    auto const& sides = filter->sides;  // rows, columns, channels in, channels out (or: for each one in)
    TRY(auto const windows, windows_of(call, x.shape, {sides[0], sides[1]}));
    TRY(auto const channels, fixed(x.shape[3]));
    if (depthwise ? channels != sides[2] : channels % sides[2] != 0 || sides[3] % (channels / sides[2]) != 0)
        return fail(Code::DataLoss, "a filter of {} does not fit {}", describe(filter->shape()),
                    describe(x.shape));

    auto& builder = call.builder;
    std::int64_t const groups = depthwise ? channels : channels / sides[2];
    std::int64_t const made = depthwise ? channels * sides[3] : sides[3];
    // ONNX: out, in of the group, rows, columns. Depthwise: output c * multiplier + m reads channel c alone.
    std::vector<std::size_t> const order =
        depthwise ? std::vector<std::size_t>{2, 3, 0, 1} : std::vector<std::size_t>{3, 2, 0, 1};
    TRY(auto turned, transposed(*filter, order, builder.budget()));
    if (depthwise) turned = with_sides(std::move(turned), {made, 1, sides[0], sides[1]});
    auto const weights = builder.floats(call.name() + "/filter", turned.sides, turned.floats);
    TRY(auto const input, builder.nchw(x));
    return builder.emit(call.name(), "Conv", {input, weights}, window_shape(x.shape, windows, made),
                        Layout::Nchw,
                        {{"kernel_shape", Integers{sides[0], sides[1]}},
                         {"strides", windows.strides},
                         {"dilations", windows.dilations},
                         {"pads", windows.pads()},
                         {"group", groups}});
}

Result<ValuePtr> convert_pool(Call const& call) {
    TRY_STATUS(expect_inputs(call, 1));
    auto& x = call.input(0);
    TRY_STATUS(expect_rank(x, 4));
    TRY(auto const size, call.attributes().integers("ksize", {}));
    if (size.size() != 4) return fail(Code::DataLoss, "its ksize is not four numbers");
    if (size.front() != 1 || size.back() != 1)
        return fail(Code::Unimplemented, "it pools over pictures or channels");
    TRY(auto const windows, windows_of(call, x.shape, {size[1], size[2]}));
    TRY(auto const channels, fixed(x.shape[3]));
    TRY(auto const input, call.builder.nchw(x));
    std::vector<OnnxGraph::Attribute> attributes = {
        {"kernel_shape", Integers{size[1], size[2]}}, {"strides", windows.strides}, {"pads", windows.pads()}};
    bool const average = call.node.op() == "AvgPool";
    // TensorFlow's average is of the cells that exist, not of the padding.
    if (average) attributes.push_back({"count_include_pad", std::int64_t{0}});
    return call.builder.emit(call.name(), average ? "AveragePool" : "MaxPool", {input},
                             window_shape(x.shape, windows, channels), Layout::Nchw, attributes);
}

// --- Over axes ------------------------------------------------------------------------------------------

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

Result<ValuePtr> convert_matmul(Call const& call) {
    TRY_STATUS(expect_inputs(call, 2));
    auto& builder = call.builder;
    std::array<std::string, 2> names;
    std::array<Shape, 2> shapes;
    for (std::size_t i = 0; i < 2; ++i) {
        auto& value = call.input(i);
        TRY_STATUS(expect_rank(value, 2));
        TRY(bool const turn, call.attributes().flag(i == 0 ? "transpose_a" : "transpose_b", false));
        shapes[i] = value.shape;
        if (turn && value.constant && !value.constant->whole) {
            TRY(auto const turned, transposed(*value.constant, {1, 0}, builder.budget()));
            names[i] = builder.floats(call.name() + "/weights", turned.sides, turned.floats);
        } else {
            TRY(names[i], builder.plain(value));
        }
        if (!turn) continue;
        std::swap(shapes[i][0], shapes[i][1]);
        if (!value.constant) {
            TRY(auto const turned, builder.emit(call.name() + "/turned", "Transpose", {names[i]}, shapes[i],
                                                Layout::Plain, {{"perm", Integers{1, 0}}}));
            names[i] = turned->plain;
        }
    }
    TRY_STATUS(fixed(shapes[0][1]).map([](std::int64_t) {}));
    if (shapes[0][1] != shapes[1][0])
        return fail(Code::DataLoss, "matrices of {} and {} do not fit", describe(shapes[0]),
                    describe(shapes[1]));
    return builder.emit(call.name(), "MatMul", {names[0], names[1]}, {shapes[0][0], shapes[1][1]},
                        Layout::Plain);
}

// --- Shapes ---------------------------------------------------------------------------------------------

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

// What a slice takes of one axis.
struct Range {
    std::int64_t begin = 0;
    std::int64_t step = 1;
    std::int64_t count = 0;
    bool shrink = false;  // the axis goes
};

// One axis of StridedSlice; begin and end count from the end where negative, and are cut at the sides.
Result<Range> range_of(std::int64_t side, std::optional<std::int64_t> begin, std::optional<std::int64_t> end,
                       std::int64_t step, bool shrink) {
    constexpr std::int64_t kStepMax = std::int64_t{1} << 31;
    step = std::clamp(step, -kStepMax, kStepMax);
    if (step == 0) return fail(Code::DataLoss, "a slice has stride 0");
    auto const from_start = [side](std::int64_t at) { return at < 0 ? at + side : at; };
    if (shrink) {
        auto const at = from_start(begin.value_or(0));
        if (at < 0 || at >= side || step < 0) return fail(Code::DataLoss, "a slice takes what is not there");
        return Range{at, 1, 1, true};
    }
    auto const low = step > 0 ? std::int64_t{0} : std::int64_t{-1};
    auto const high = step > 0 ? side : side - 1;
    auto const first = begin ? std::clamp(from_start(*begin), low, high) : (step > 0 ? low : high);
    auto const last = end ? std::clamp(from_start(*end), low, high) : (step > 0 ? high : low);
    auto const length = step > 0 ? last - first : first - last;
    auto const stride = std::abs(step);
    return Range{first, step, length <= 0 ? 0 : (length + stride - 1) / stride, false};
}

bool bit(std::int64_t mask, std::size_t index) {
    return ((static_cast<std::uint64_t>(mask) >> index) & 1) != 0;
}

// The range of each axis, in order. An axis that follows the batch is only ever taken whole.
Result<std::vector<Range>> ranges_of(Call const& call, Shape const& shape) {
    TRY(auto const begin, integers_of(call.input(1)));
    TRY(auto const end, integers_of(call.input(2)));
    TRY(auto const steps, integers_of(call.input(3)));
    auto const attributes = call.attributes();
    TRY(auto const begin_mask, attributes.integer("begin_mask", 0));
    TRY(auto const end_mask, attributes.integer("end_mask", 0));
    TRY(auto const ellipsis_mask, attributes.integer("ellipsis_mask", 0));
    TRY(auto const new_axis_mask, attributes.integer("new_axis_mask", 0));
    TRY(auto const shrink_mask, attributes.integer("shrink_axis_mask", 0));
    if (new_axis_mask != 0) return fail(Code::Unimplemented, "new_axis_mask is not supported");
    auto const given = begin.size();
    if (end.size() != given || steps.size() != given || given > kRankMax)
        return fail(Code::DataLoss, "its begin, end and strides do not fit each other");
    std::vector<Range> ranges;
    auto const take = [&](std::optional<std::int64_t> from, std::optional<std::int64_t> to, std::int64_t step,
                          bool shrink) -> Status {
        if (ranges.size() >= shape.size()) return fail(Code::DataLoss, "it slices more axes than there are");
        auto const& side = shape[ranges.size()];
        if (side.per_picture && (from || to || step != 1 || shrink))
            return fail(Code::Unimplemented, "it takes some pictures of a batch");
        TRY(auto const range, range_of(side.factor, from, to, step, shrink));
        ranges.push_back(range);
        return {};
    };
    for (std::size_t i = 0; i < given; ++i) {
        if (bit(ellipsis_mask, i)) {
            if (shape.size() + 1 < given) return fail(Code::DataLoss, "it slices more axes than there are");
            for (std::size_t k = 0; k < shape.size() + 1 - given; ++k)
                TRY_STATUS(take(std::nullopt, std::nullopt, 1, false));
            continue;
        }
        auto const from = bit(begin_mask, i) ? std::nullopt : std::optional(begin[i]);
        auto const to = bit(end_mask, i) ? std::nullopt : std::optional(end[i]);
        TRY_STATUS(take(from, to, steps[i], bit(shrink_mask, i)));
    }
    while (ranges.size() < shape.size()) TRY_STATUS(take(std::nullopt, std::nullopt, 1, false));
    return ranges;
}

Result<ValuePtr> convert_slice(Call const& call) {
    TRY_STATUS(expect_inputs(call, 4));
    auto& value = call.input(0);
    auto& builder = call.builder;
    TRY(auto const ranges, ranges_of(call, value.shape));
    Shape sliced = value.shape;
    Shape kept;
    for (std::size_t i = 0; i < ranges.size(); ++i) {
        sliced[i].factor = ranges[i].count;
        if (!ranges[i].shrink) kept.push_back(sliced[i]);
    }
    if (value.constant) {
        std::vector<Integers> indexes;
        for (auto const& range : ranges) {
            auto& list = indexes.emplace_back();
            for (std::int64_t k = 0; k < range.count; ++k) list.push_back(range.begin + k * range.step);
        }
        TRY(auto taken, gathered(*value.constant, indexes, builder.budget()));
        Integers sides;
        for (auto const& side : kept) sides.push_back(side.factor);
        return builder.constant(with_sides(std::move(taken), std::move(sides)));
    }
    Integers starts;
    Integers ends;
    Integers axes;
    Integers steps;
    for (std::size_t i = 0; i < ranges.size(); ++i) {
        if (value.shape[i].per_picture) continue;
        auto const end = ranges[i].begin + ranges[i].count * ranges[i].step;
        starts.push_back(ranges[i].begin);
        ends.push_back(end < 0 ? std::numeric_limits<std::int64_t>::min() : end);  // -1 would be the last
        axes.push_back(static_cast<std::int64_t>(i));
        steps.push_back(ranges[i].step);
    }
    TRY(auto const input, builder.plain(value));
    TRY(auto const result,
        builder.emit(call.name(), "Slice",
                     {input, builder.integers("starts", starts), builder.integers("ends", ends),
                      builder.integers("axes", axes), builder.integers("steps", steps)},
                     sliced, Layout::Plain));
    if (kept.size() == sliced.size()) return result;
    return builder.reshaped(call.name(), *result, kept);
}

Result<ValuePtr> convert_cast(Call const& call) {
    TRY_STATUS(expect_inputs(call, 1));
    auto const& value = call.input(0);
    TRY(auto const to, call.attributes().type("DstT"));
    bool const to_whole = to == format::INT32 || to == format::INT64;
    if (!to_whole && to != format::FLOAT)
        return fail(Code::Unimplemented, "a cast to TensorFlow's type {} is not supported",
                    static_cast<int>(to));
    if (value.constant ? value.constant->whole == to_whole : !to_whole) return call.inputs.front();
    if (!value.constant) return fail(Code::Unimplemented, "the picture's values cannot become whole numbers");
    auto const& from = *value.constant;
    TRY_STATUS(call.builder.budget().take(from.size()));
    Constant made{.sides = from.sides, .whole = to_whole, .floats = {}, .numbers = {}};
    for (auto const number : from.floats) {
        if (!(std::abs(number) < 1e9F))
            return fail(Code::Unimplemented, "{} does not become a whole number", number);
        made.numbers.push_back({static_cast<std::int64_t>(number), false});
    }
    for (auto const& number : from.numbers) {
        if (number.per_picture) return fail(Code::Unimplemented, "the number of pictures becomes a float");
        made.floats.push_back(static_cast<float>(number.factor));
    }
    return call.builder.constant(std::move(made));
}

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
