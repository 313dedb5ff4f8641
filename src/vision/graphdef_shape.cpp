#include "vision/graphdef_shape.hpp"

#include <algorithm>
#include <optional>

namespace ounce::vision::graphdef {
namespace {

constexpr std::int64_t kWindowMax = 65'536;

Side side_from_end(Shape const& shape, std::size_t from_end) {
    return from_end < shape.size() ? shape[shape.size() - 1 - from_end] : Side{1, false};
}

}  // namespace

std::string describe(Shape const& shape) {
    std::string text;
    for (auto const& side : shape) {
        if (!text.empty()) text += 'x';
        if (!side.per_picture)
            text += std::to_string(side.factor);
        else
            text += side.factor == 1 ? "?" : "?*" + std::to_string(side.factor);
    }
    return text.empty() ? "scalar" : text;
}

Result<Side> count(Shape const& shape) {
    if (shape.size() > kRankMax)
        return fail(Code::ResourceExhausted, "a tensor has {} sides, more than {}", shape.size(), kRankMax);
    Side product{1, false};
    for (auto const& side : shape) {
        if (side.factor < 1)
            return fail(Code::DataLoss, "a tensor of {} is empty or of unknown size", describe(shape));
        if (side.per_picture && product.per_picture)
            return fail(Code::Unimplemented, "two sides of a tensor ({}) follow the batch", describe(shape));
        if (side.factor > kValuesMax / product.factor)
            return fail(Code::ResourceExhausted, "a tensor of {} has more than {} values", describe(shape),
                        kValuesMax);
        product.factor *= side.factor;
        product.per_picture |= side.per_picture;
    }
    return product;
}

std::vector<std::int64_t> onnx_sides(Shape const& shape) {
    std::vector<std::int64_t> sides;
    for (auto const& side : shape) sides.push_back(side.per_picture ? -1 : side.factor);
    return sides;
}

Result<Shape> broadcast(Shape const& a, Shape const& b) {
    Shape joined(std::max(a.size(), b.size()));
    for (std::size_t i = 0; i < joined.size(); ++i) {
        auto const left = side_from_end(a, i);
        auto const right = side_from_end(b, i);
        Side const one{1, false};
        if (left != right && left != one && right != one)
            return fail(Code::DataLoss, "tensors of {} and {} do not fit together", describe(a), describe(b));
        joined[joined.size() - 1 - i] = left == one ? right : left;
    }
    TRY_STATUS(count(joined).map([](Side const&) {}));
    return joined;
}

Result<Shape> reshape(Shape const& from, Shape const& to) {
    TRY(auto const all, count(from));
    Side rest{1, false};
    std::optional<std::size_t> open;
    auto const misfit = [&] {
        return fail(Code::DataLoss, "a tensor of {} cannot become {}", describe(from), describe(to));
    };
    Shape made = to;
    for (std::size_t i = 0; i < to.size(); ++i) {
        if (to[i] == Side{-1, false}) {
            if (open) return misfit();
            open = i;
            made[i] = {1, false};
        }
    }
    TRY(rest, count(made));
    if (open) {
        if (all.factor % rest.factor != 0 || (rest.per_picture && !all.per_picture)) return misfit();
        made[*open] = {all.factor / rest.factor, all.per_picture && !rest.per_picture};
    } else if (rest != all) {
        return misfit();
    }
    return made;
}

Result<Placement> place(std::int64_t side, Window const& window, Padding padding, Placement const& given) {
    for (auto const number : {window.size, window.stride, window.dilation})
        if (number < 1 || number > kWindowMax)
            return fail(Code::DataLoss, "a window's size, stride or dilation is {}", number);
    auto const reach = (window.size - 1) * window.dilation + 1;
    Placement placed;
    switch (padding) {
        case Padding::Same: {
            placed.windows = (side + window.stride - 1) / window.stride;
            auto const missing =
                std::max<std::int64_t>((placed.windows - 1) * window.stride + reach - side, 0);
            placed.before = missing / 2;
            placed.after = missing - placed.before;
            return placed;
        }
        case Padding::Explicit:
            if (given.before < 0 || given.after < 0 || given.before > kWindowMax || given.after > kWindowMax)
                return fail(Code::DataLoss, "a window's padding is {} and {}", given.before, given.after);
            placed = given;
            break;
        case Padding::Valid:
            break;
    }
    auto const length = side + placed.before + placed.after;
    if (length < reach)
        return fail(Code::DataLoss, "a window of {} does not fit on a side of {}", reach, length);
    placed.windows = (length - reach) / window.stride + 1;
    return placed;
}

}  // namespace ounce::vision::graphdef
