#include "vision/graphdef_constant.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include "proto/graphdef.pb.h"

namespace ounce::vision::graphdef {
namespace {

namespace format = tensorflow_format;

std::vector<std::size_t> steps_of(std::vector<std::int64_t> const& sides) {
    std::vector<std::size_t> steps(sides.size(), 1);
    for (std::size_t i = sides.size(); i-- > 1;) steps[i - 1] = steps[i] * static_cast<std::size_t>(sides[i]);
    return steps;
}

// Calls visit(offset) for each element of a box of `sides` in row-major order, where a move along axis i adds
// steps[i].
template <class Visit>
void walk(std::vector<std::int64_t> const& sides, std::vector<std::size_t> const& steps, Visit visit) {
    for (auto const side : sides)
        if (side == 0) return;
    std::vector<std::int64_t> at(sides.size(), 0);
    std::size_t offset = 0;
    while (true) {
        visit(offset);
        std::size_t axis = sides.size();
        while (axis-- > 0) {
            offset += steps[axis];
            if (++at[axis] < sides[axis]) break;
            offset -= steps[axis] * static_cast<std::size_t>(sides[axis]);
            at[axis] = 0;
            if (axis == 0) return;
        }
        if (sides.empty()) return;
    }
}

Constant empty_like(Constant const& from, std::vector<std::int64_t> sides, std::size_t size) {
    Constant made{.sides = std::move(sides), .whole = from.whole, .floats = {}, .numbers = {}};
    if (from.whole)
        made.numbers.reserve(size);
    else
        made.floats.reserve(size);
    return made;
}

void append(Constant& to, Constant const& from, std::size_t index) {
    if (from.whole)
        to.numbers.push_back(from.numbers[index]);
    else
        to.floats.push_back(from.floats[index]);
}

// The values of one of the lists of a tensor: fewer than `size` means that the last one fills the rest.
template <class T, class List, class Make>
Result<std::vector<T>> filled(List const& list, std::size_t size, Make make) {
    auto const given = static_cast<std::size_t>(list.size());
    if (given > size || (given == 0 && size > 0))
        return fail(Code::DataLoss, "a constant of {} values comes with {}", size, given);
    std::vector<T> values;
    values.reserve(size);
    for (auto const& value : list) values.push_back(make(value));
    if (given > 0) values.resize(size, values.back());
    return values;
}

template <class Stored, class T, class Make>
Result<std::vector<T>> unpacked(std::string const& content, std::size_t size, Make make) {
    if (content.size() != size * sizeof(Stored))
        return fail(Code::DataLoss, "a constant of {} values comes with {} bytes", size, content.size());
    std::vector<T> values;
    values.reserve(size);
    for (std::size_t i = 0; i < size; ++i) {
        Stored stored;
        std::memcpy(&stored, content.data() + i * sizeof(Stored), sizeof(Stored));
        values.push_back(make(stored));
    }
    return values;
}

std::optional<float> folded(std::string_view op, float x) {
    if (op == "Rsqrt") return 1 / std::sqrt(x);
    if (op == "Sqrt") return std::sqrt(x);
    if (op == "Neg") return -x;
    if (op == "Relu") return std::max(x, 0.0F);
    if (op == "Relu6") return std::clamp(x, 0.0F, 6.0F);
    if (op == "Sigmoid") return 1 / (1 + std::exp(-x));
    return std::nullopt;
}

std::optional<float> folded(std::string_view op, float a, float b) {
    if (op == "Add" || op == "AddV2") return a + b;
    if (op == "Sub") return a - b;
    if (op == "Mul") return a * b;
    if (op == "RealDiv") return a / b;
    if (op == "Maximum") return std::max(a, b);
    if (op == "Minimum") return std::min(a, b);
    return std::nullopt;
}

// Nothing where the result is no whole number we can stand for, or overflows.
std::optional<Side> folded(std::string_view op, Side const& a, Side const& b) {
    std::int64_t result = 0;
    if (op == "Mul") {
        if ((a.per_picture && b.per_picture) || __builtin_mul_overflow(a.factor, b.factor, &result))
            return std::nullopt;
        return Side{result, a.per_picture || b.per_picture};
    }
    if (a.per_picture || b.per_picture) return std::nullopt;
    if (op == "Add" || op == "AddV2")
        return __builtin_add_overflow(a.factor, b.factor, &result) ? std::nullopt
                                                                   : std::optional(Side{result});
    if (op == "Sub")
        return __builtin_sub_overflow(a.factor, b.factor, &result) ? std::nullopt
                                                                   : std::optional(Side{result});
    if (op == "Maximum") return Side{std::max(a.factor, b.factor)};
    if (op == "Minimum") return Side{std::min(a.factor, b.factor)};
    return std::nullopt;
}

// Steps through `sides` as if it had the (larger) shape `over`: 0 along sides that are repeated.
std::vector<std::size_t> broadcast_steps(std::vector<std::int64_t> const& sides,
                                         std::vector<std::int64_t> const& over) {
    auto const own = steps_of(sides);
    std::vector<std::size_t> steps(over.size(), 0);
    auto const missing = over.size() - sides.size();
    for (std::size_t i = 0; i < sides.size(); ++i) steps[missing + i] = sides[i] == 1 ? 0 : own[i];
    return steps;
}

}  // namespace

Shape Constant::shape() const {
    Shape shape;
    for (auto const side : sides) shape.push_back({side, false});
    return shape;
}

Status Budget::take(std::size_t values) {
    if (values > left_)
        return fail(Code::ResourceExhausted, "the graph's constants are far larger than its file");
    left_ -= values;
    return {};
}

Result<Constant> read_constant(format::Tensor const& tensor, Budget& budget) {
    Constant constant;
    std::int64_t product = 1;
    auto const& shape = tensor.tensor_shape();
    if (shape.unknown_rank() || static_cast<std::size_t>(shape.dim_size()) > kRankMax)
        return fail(Code::DataLoss, "a constant has no shape, or more than {} sides", kRankMax);
    for (auto const& dim : shape.dim()) {
        auto const side = dim.size();
        if (side < 0 || (side > 0 && product > kValuesMax / side))
            return fail(Code::DataLoss, "a constant has a side of {}", side);
        product *= side;
        constant.sides.push_back(side);
    }
    auto const size = static_cast<std::size_t>(product);
    TRY_STATUS(budget.take(size));
    auto const to_float = [](auto value) { return static_cast<float>(value); };
    auto const to_number = [](auto value) { return Side{static_cast<std::int64_t>(value), false}; };
    auto const& content = tensor.tensor_content();
    switch (tensor.dtype()) {
        case format::FLOAT: {
            TRY(constant.floats, content.empty() ? filled<float>(tensor.float_val(), size, to_float)
                                                 : unpacked<float, float>(content, size, to_float));
            return constant;
        }
        case format::DOUBLE: {
            TRY(constant.floats, content.empty() ? filled<float>(tensor.double_val(), size, to_float)
                                                 : unpacked<double, float>(content, size, to_float));
            return constant;
        }
        case format::INT32: {
            constant.whole = true;
            TRY(constant.numbers, content.empty() ? filled<Side>(tensor.int_val(), size, to_number)
                                                  : unpacked<std::int32_t, Side>(content, size, to_number));
            return constant;
        }
        case format::INT64: {
            constant.whole = true;
            TRY(constant.numbers, content.empty() ? filled<Side>(tensor.int64_val(), size, to_number)
                                                  : unpacked<std::int64_t, Side>(content, size, to_number));
            return constant;
        }
        default:
            return fail(Code::Unimplemented, "a constant holds TensorFlow's type {}, not float or int",
                        static_cast<int>(tensor.dtype()));
    }
}

Result<std::vector<std::int64_t>> whole_numbers(Constant const& constant) {
    std::vector<std::int64_t> numbers;
    auto const wrong = [] {
        return fail(Code::DataLoss, "an axis, shape or size is no vector of whole numbers");
    };
    if (!constant.whole) return wrong();
    for (auto const& number : constant.numbers) {
        if (number.per_picture) return wrong();
        numbers.push_back(number.factor);
    }
    return numbers;
}

Constant with_sides(Constant constant, std::vector<std::int64_t> sides) {
    std::size_t product = 1;
    for (auto const side : sides) product *= static_cast<std::size_t>(side);
    OUNCE_CHECK(product == constant.size());
    constant.sides = std::move(sides);
    return constant;
}

Result<Constant> transposed(Constant const& constant, std::vector<std::size_t> const& order, Budget& budget) {
    OUNCE_CHECK(order.size() == constant.sides.size());
    TRY_STATUS(budget.take(constant.size()));
    auto const own = steps_of(constant.sides);
    std::vector<std::int64_t> sides;
    std::vector<std::size_t> steps;
    for (auto const axis : order) {
        sides.push_back(constant.sides.at(axis));
        steps.push_back(own[axis]);
    }
    auto made = empty_like(constant, sides, constant.size());
    walk(sides, steps, [&](std::size_t offset) { append(made, constant, offset); });
    return made;
}

Result<Constant> gathered(Constant const& constant, std::vector<std::vector<std::int64_t>> const& indexes,
                          Budget& budget) {
    OUNCE_CHECK(indexes.size() == constant.sides.size());
    std::vector<std::int64_t> sides;
    std::size_t size = 1;
    for (std::size_t axis = 0; axis < indexes.size(); ++axis) {
        for (auto const index : indexes[axis]) OUNCE_CHECK(index >= 0 && index < constant.sides[axis]);
        sides.push_back(static_cast<std::int64_t>(indexes[axis].size()));
        size *= indexes[axis].size();
    }
    TRY_STATUS(budget.take(size));
    auto const own = steps_of(constant.sides);
    auto const mine = steps_of(sides);
    auto made = empty_like(constant, sides, size);
    for (std::size_t flat = 0; flat < size; ++flat) {
        std::size_t offset = 0;
        for (std::size_t axis = 0; axis < sides.size(); ++axis) {
            auto const at = flat / mine[axis] % static_cast<std::size_t>(sides[axis]);
            offset += own[axis] * static_cast<std::size_t>(indexes[axis][at]);
        }
        append(made, constant, offset);
    }
    return made;
}

Result<Constant> concatenated(std::vector<Constant const*> const& parts, std::size_t axis, Budget& budget) {
    auto const misfit = [] { return fail(Code::DataLoss, "the parts do not fit together"); };
    if (parts.empty() || axis >= parts.front()->sides.size()) return misfit();
    auto const& first = *parts.front();
    auto sides = first.sides;
    sides[axis] = 0;
    std::size_t size = 0;
    for (auto const* part : parts) {
        if (part->whole != first.whole || part->sides.size() != sides.size()) return misfit();
        for (std::size_t i = 0; i < sides.size(); ++i)
            if (i != axis && part->sides[i] != sides[i]) return misfit();
        TRY_STATUS(budget.take(part->size()));
        size += part->size();
        sides[axis] += part->sides[axis];
    }
    auto made = empty_like(first, sides, size);
    std::size_t outer = 1;
    for (std::size_t i = 0; i < axis; ++i) outer *= static_cast<std::size_t>(sides[i]);
    for (std::size_t row = 0; row < outer; ++row)
        for (auto const* part : parts) {
            auto const run = part->size() / outer;  // outer > 0 wherever a part has values
            for (std::size_t i = 0; i < run; ++i) append(made, *part, row * run + i);
        }
    return made;
}

Result<Constant> fold(std::string_view op, Constant const& value, Budget& budget) {
    if (value.whole) return fail(Code::Unimplemented, "the op is not done on whole numbers");
    TRY_STATUS(budget.take(value.size()));
    auto made = empty_like(value, value.sides, value.size());
    for (auto const x : value.floats) {
        auto const y = folded(op, x);
        if (!y) return fail(Code::Unimplemented, "the op is not done on constants");
        made.floats.push_back(*y);
    }
    return made;
}

Result<Constant> fold(std::string_view op, Constant const& a, Constant const& b, Budget& budget) {
    if (a.whole != b.whole) return fail(Code::DataLoss, "the inputs are of different types");
    TRY(auto const shape, broadcast(a.shape(), b.shape()));
    std::vector<std::int64_t> sides;
    std::size_t size = 1;
    for (auto const& side : shape) {
        sides.push_back(side.factor);
        size *= static_cast<std::size_t>(side.factor);
    }
    TRY_STATUS(budget.take(size));
    // Two walks over the same box: first note where b is read, then read both.
    std::vector<std::size_t> of_b;
    of_b.reserve(size);
    walk(sides, broadcast_steps(b.sides, sides), [&](std::size_t offset) { of_b.push_back(offset); });
    auto made = empty_like(a, sides, size);
    std::size_t at = 0;
    bool done = true;
    walk(sides, broadcast_steps(a.sides, sides), [&](std::size_t of_a) {
        auto const index_b = of_b[at++];
        if (a.whole) {
            auto const number = folded(op, a.numbers[of_a], b.numbers[index_b]);
            done &= number.has_value();
            made.numbers.push_back(number.value_or(Side{}));
        } else {
            auto const number = folded(op, a.floats[of_a], b.floats[index_b]);
            done &= number.has_value();
            made.floats.push_back(number.value_or(0.0F));
        }
    });
    if (!done) return fail(Code::Unimplemented, "the op is not done on such constants");
    return made;
}

}  // namespace ounce::vision::graphdef
