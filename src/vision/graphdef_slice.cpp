#include "vision/graphdef_call.hpp"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <optional>
#include <utility>

namespace ounce::vision::graphdef {
namespace {

using Layout = Builder::Layout;

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

}  // namespace

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

}  // namespace ounce::vision::graphdef
