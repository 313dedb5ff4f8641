#include "vision/resize.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "vision/resize_kernels.hpp"

namespace ounce::vision {
namespace {

double triangle(double x) {
    x = std::abs(x);
    return x < 1.0 ? 1.0 - x : 0.0;
}

double cubic(double x) {
    constexpr double a = -0.5;
    x = std::abs(x);
    if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
    if (x < 2.0) return (((x - 5) * x + 8) * x - 4) * a;
    return 0.0;
}

struct Taps {
    int start = 0;
    std::vector<double> weights;  // not yet normed
};

/// Triangle and cubic widen with the scale when shrinking, and so smooth.
Taps widening_taps(Recipe::Filter filter, double scale, int from_px, int i) {
    auto const wide = std::max(scale, 1.0);
    auto const support = (filter == Recipe::Filter::Cubic ? 2.0 : 1.0) * wide;
    auto const centre = (i + 0.5) * scale;
    auto const start = std::max(static_cast<int>(centre - support + 0.5), 0);
    auto const end = std::min(static_cast<int>(centre + support + 0.5), from_px);
    Taps taps{start, {}};
    auto const narrow = 1.0 / wide;
    for (int k = start; k < end; ++k) {
        auto const x = (k - centre + 0.5) * narrow;
        taps.weights.push_back(filter == Recipe::Filter::Cubic ? cubic(x) : triangle(x));
    }
    return taps;
}

/// Output i covers [i * scale, (i + 1) * scale): each input pixel weighs as much as it is covered.
Taps area_taps(double scale, int from_px, int i) {
    auto const left = i * scale;
    auto const right = std::min((i + 1) * scale, static_cast<double>(from_px));
    Taps taps{std::min(static_cast<int>(left), from_px - 1), {}};
    for (int k = taps.start; k < from_px && (k < right || taps.weights.empty()); ++k)
        taps.weights.push_back(std::max(std::min(k + 1.0, right) - std::max<double>(k, left), 0.0));
    return taps;
}

/// Pads a view's last row, as resize_across reads one byte beyond each pixel.
std::vector<std::uint8_t> padded_row(PixelView source, int y) {
    auto const length = static_cast<std::size_t>(source.width_px) * 3;
    std::vector<std::uint8_t> row(length + 1);
    std::copy_n(source.row(y), length, row.begin());
    return row;
}

/// Where a two-tap output reads along one side.
struct TwoTap {
    std::size_t first = 0;
    std::size_t second = 0;
    double fraction = 0;
};

std::vector<TwoTap> two_taps(int start, int length, int side, int to_px, int first, int count) {
    std::vector<TwoTap> taps;
    taps.reserve(static_cast<std::size_t>(count));
    for (int i = first; i < first + count; ++i) {
        auto const s = (i + 0.5) * length / to_px - 0.5;
        auto const cut = std::trunc(s);
        auto const k = static_cast<int>(cut) + start;
        if (k >= side - 1) {
            auto const last = static_cast<std::size_t>(side - 1);
            taps.push_back({last, last, 0});
        } else {  // k >= 0: s > -0.5 is cut to 0
            taps.push_back({static_cast<std::size_t>(k), static_cast<std::size_t>(k) + 1, s - cut});
        }
    }
    return taps;
}

}  // namespace

PixelView view(Image const& image, Window window) {
    return {image.row(window.y) + static_cast<std::size_t>(window.x) * 3,
            static_cast<std::size_t>(image.width_px) * 3, window.width_px, window.height_px};
}

PixelView view(Image const& image) {
    return view(image, {0, 0, image.width_px, image.height_px});
}

Weights weights_of(Recipe::Filter filter, int from_px, int to_px, int first, int count) {
    auto const scale = static_cast<double>(from_px) / to_px;
    std::vector<Taps> all;
    all.reserve(static_cast<std::size_t>(count));
    std::size_t most = 1;
    for (int i = first; i < first + count; ++i) {
        all.push_back(filter == Recipe::Filter::Area ? area_taps(scale, from_px, i)
                                                     : widening_taps(filter, scale, from_px, i));
        most = std::max(most, all.back().weights.size());
    }
    Weights table;
    table.taps = static_cast<int>(most);
    table.weights.assign(all.size() * most, 0);
    for (std::size_t i = 0; i < all.size(); ++i) {
        auto const& taps = all[i];
        double sum = 0;
        for (auto const weight : taps.weights) sum += weight;
        // Every output has the same number of taps, filled up with zeros, on either side: none may lie
        // outside.
        auto const start = std::min(taps.start, from_px - table.taps);
        auto const skip = static_cast<std::size_t>(taps.start - start);
        table.starts.push_back(start);
        for (std::size_t k = 0; k < taps.weights.size(); ++k) {
            auto const weight = taps.weights[k] / sum * (1 << 22);
            table.weights[i * most + skip + k] =
                static_cast<std::int32_t>(weight < 0 ? weight - 0.5 : weight + 0.5);
        }
    }
    return table;
}

Image resized_window(PixelView source, int to_width_px, int to_height_px, Window window,
                     Recipe::Filter filter) {
    auto across = weights_of(filter, source.width_px, to_width_px, window.x, window.width_px);
    auto down = weights_of(filter, source.height_px, to_height_px, window.y, window.height_px);
    // Only the rows that the second pass reads.
    auto const first = *std::min_element(down.starts.begin(), down.starts.end());
    auto const last = *std::max_element(down.starts.begin(), down.starts.end()) + down.taps - 1;
    for (auto& start : down.starts) start -= first;

    auto const row_length = static_cast<std::size_t>(window.width_px) * 3;
    auto between = make_image(window.width_px, last - first + 1);
    PixelView const most{source.row(first), source.row_bytes, source.width_px, last - first};
    resize_across(most, across, between.rgb.data(), row_length);
    auto const tail = padded_row(source, last);
    resize_across({tail.data(), tail.size(), source.width_px, 1}, across, between.row(last - first),
                  row_length);

    auto out = make_image(window.width_px, window.height_px);
    resize_down(between.rgb.data(), row_length, down, out.rgb.data());
    return out;
}

std::vector<double> two_tap_window(Image const& image, Window square, int to_width_px, int to_height_px,
                                   Window window) {
    auto const columns =
        two_taps(square.x, square.width_px, image.width_px, to_width_px, window.x, window.width_px);
    auto const rows =
        two_taps(square.y, square.height_px, image.height_px, to_height_px, window.y, window.height_px);
    std::vector<double> out;
    out.reserve(columns.size() * rows.size() * 3);
    for (auto const& row : rows) {
        auto const* const upper = image.row(static_cast<int>(row.first));
        auto const* const lower = image.row(static_cast<int>(row.second));
        for (auto const& column : columns)
            for (std::size_t c = 0; c < 3; ++c) {
                auto const left = column.first * 3 + c;
                auto const right = column.second * 3 + c;
                auto const above = (1 - column.fraction) * upper[left] + column.fraction * upper[right];
                auto const below = (1 - column.fraction) * lower[left] + column.fraction * lower[right];
                out.push_back((1 - row.fraction) * above + row.fraction * below);
            }
    }
    return out;
}

}  // namespace ounce::vision
