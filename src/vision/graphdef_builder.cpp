#include "vision/graphdef_builder.hpp"

#include <iterator>
#include <utility>

#include "vision/graphdef_nodes.hpp"

namespace ounce::vision::graphdef {

std::string Builder::name(std::string_view wish) {
    auto name = shown(wish);
    while (name.empty() || graph_.has(name) || reserved_.contains(name))
        name = fmt::format("{}#{}", shown(wish), ++names_);
    return name;
}

std::string Builder::floats(std::string_view wish, std::vector<std::int64_t> const& sides,
                            std::vector<float> const& values) {
    auto made = name(wish);
    graph_.add_floats(made, sides, values);
    return made;
}

std::string Builder::integers(std::string_view wish, std::vector<std::int64_t> const& values) {
    auto made = name(wish);
    graph_.add_integers(made, {static_cast<std::int64_t>(values.size())}, values);
    return made;
}

Result<std::string> Builder::plain(Value& value) {
    if (!value.plain.empty()) return value.plain;
    if (value.constant) {
        if (value.constant->whole)
            return fail(Code::Unimplemented, "whole numbers cannot meet the picture's values");
        TRY_STATUS(count(value.shape).map([](Side const&) {}));
        value.plain = floats("constant", value.constant->sides, value.constant->floats);
    } else {
        value.plain = name(value.nchw + "/nhwc");
        graph_.add_node("Transpose", {value.nchw}, {value.plain},
                        {{"perm", std::vector<std::int64_t>(std::begin(kToNhwc), std::end(kToNhwc))}});
    }
    return value.plain;
}

Result<std::string> Builder::nchw(Value& value) {
    if (!value.nchw.empty()) return value.nchw;
    auto const rank = value.shape.size();
    if (rank > 4 || (rank < 4 && !value.constant))
        return fail(Code::DataLoss, "a tensor of {} is no picture or map", describe(value.shape));
    if (value.constant) {
        if (value.constant->whole)
            return fail(Code::Unimplemented, "whole numbers cannot meet the picture's values");
        TRY_STATUS(count(value.shape).map([](Side const&) {}));
        auto sides = value.constant->sides;
        sides.insert(sides.begin(), 4 - rank, 1);
        TRY_STATUS(budget_.take(value.constant->size()));
        TRY(auto const turned, transposed(with_sides(*value.constant, sides),
                                          {std::begin(kToNchw), std::end(kToNchw)}, budget_));
        value.nchw = floats("constant", turned.sides, turned.floats);
    } else {
        value.nchw = name(value.plain + "/nchw");
        graph_.add_node("Transpose", {value.plain}, {value.nchw},
                        {{"perm", std::vector<std::int64_t>(std::begin(kToNchw), std::end(kToNchw))}});
    }
    return value.nchw;
}

Result<ValuePtr> Builder::emit(std::string_view wish, std::string const& op,
                               std::vector<std::string> const& inputs, Shape shape, Layout layout,
                               std::vector<OnnxGraph::Attribute> const& attributes) {
    TRY_STATUS(count(shape).map([](Side const&) {}));
    auto const output = name(wish);
    graph_.add_node(op, inputs, {output}, attributes);
    auto value = std::make_shared<Value>();
    value->shape = std::move(shape);
    (layout == Layout::Plain ? value->plain : value->nchw) = output;
    return value;
}

Result<ValuePtr> Builder::constant(Constant constant) {
    auto value = std::make_shared<Value>();
    value->shape = constant.shape();
    value->constant = std::move(constant);
    return value;
}

Result<ValuePtr> Builder::reshaped(std::string_view wish, Value& value, Shape const& shape) {
    if (value.constant) {
        TRY_STATUS(budget_.take(value.constant->size()));
        std::vector<std::int64_t> sides;
        for (auto const& side : shape) sides.push_back(side.factor);
        return constant(with_sides(*value.constant, std::move(sides)));
    }
    // A map of one cell has the same values in both orders: no need to turn it.
    Side const one{1, false};
    bool const one_cell = value.shape.size() == 4 && value.shape[1] == one && value.shape[2] == one;
    std::string input = value.nchw;
    if (!one_cell || input.empty()) {
        TRY(input, plain(value));
    }
    return emit(wish, "Reshape", {input, integers("shape", onnx_sides(shape))}, shape, Layout::Plain);
}

}  // namespace ounce::vision::graphdef
