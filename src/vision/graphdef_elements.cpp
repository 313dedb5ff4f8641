#include "vision/graphdef_call.hpp"

#include <array>
#include <cmath>
#include <map>
#include <utility>

namespace ounce::vision::graphdef {
namespace {

namespace format = tensorflow_format;
using Layout = Builder::Layout;

}  // namespace

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

}  // namespace ounce::vision::graphdef
