#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "vision/image.hpp"
#include "vision/recipe.hpp"

namespace ounce::vision {

/// Pixels that someone else owns: rows from the top, `row_bytes` apart, R, G, B for each pixel.
struct PixelView {
    std::uint8_t const* data = nullptr;
    std::size_t row_bytes = 0;
    int width_px = 0;
    int height_px = 0;

    [[nodiscard]] std::uint8_t const* row(int y) const {
        return data + static_cast<std::size_t>(y) * row_bytes;
    }
};

/// A rectangle of whole pixels.
struct Window {
    int x = 0;
    int y = 0;
    int width_px = 0;
    int height_px = 0;
};

/// The part `window` of `image`, which must lie inside it.
PixelView view(Image const& image, Window window);
PixelView view(Image const& image);

/// One side of a picture: how the output pixels [first, first + count) are made from input pixels.
/// Output i is the sum over k < taps of weights[i * taps + k] * input[starts[i] + k], / 2^22.
struct Weights {
    int taps = 0;
    std::vector<int> starts;
    std::vector<std::int32_t> weights;  // of 1/2^22; each output's add up to about 1
};

/// The weights that turn a side of `from_px` into one of `to_px`, for its outputs [first, first + count).
/// `filter` must not be TwoTapBilinear, whose results are no fixed-point numbers.
Weights weights_of(Recipe::Filter filter, int from_px, int to_px, int first, int count);

/// `source` resized to to_width_px x to_height_px, of which only `window` is made; rounded to bytes. Across
/// first, then down, each pass rounded to bytes: so come the bytes of Pillow's `resize` (BILINEAR, BICUBIC).
Image resized_window(PixelView source, int to_width_px, int to_height_px, Window window,
                     Recipe::Filter filter);

/// The same by two-tap bilinear without smoothing, fractional: R, G, B as doubles, row by row. `square` is
/// the part of `image` that is resized; taps beyond it are read from the picture around it.
///
/// For output i of `to` from a side of n pixels that starts at b in a picture of `side` pixels:
/// s = (i + 0.5) * n / to - 0.5; k = s cut towards zero; f = s - k; then k += b. If k < 0: pixel 0, f = 0. If
/// k >= side - 1: the last pixel, f = 0. Else (1 - f) * p[k] + f * p[k + 1]. As k is cut towards zero and
/// not down, f is negative for s in (-0.5, 0): such a value may leave 0..255. The Custom Vision sample does
/// this, and its models were judged with it. In double every value is exact in whatever order.
std::vector<double> two_tap_window(Image const& image, Window square, int to_width_px, int to_height_px,
                                   Window window);

}  // namespace ounce::vision
