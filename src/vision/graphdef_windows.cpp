#include "vision/graphdef_call.hpp"

#include <array>
#include <utility>

namespace ounce::vision::graphdef {
namespace {

using Layout = Builder::Layout;

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

}  // namespace

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

}  // namespace ounce::vision::graphdef
