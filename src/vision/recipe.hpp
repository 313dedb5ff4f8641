#pragma once

#include <array>
#include <string>

#include "base/json.hpp"
#include "base/result.hpp"
#include "vision/image.hpp"
#include "vision/tensor.hpp"

namespace ounce::vision {

/// How a picture becomes a model's input: data that travels in the package, run by one implementation
/// wherever the model runs. Steps in order: shrink, resize, crop, channel order, (value * scale - mean) /
/// std, layout.
struct Recipe {
    enum class Resize {
        Stretch,      // whole picture to width x height, sides independently
        ShorterSide,  // shorter side to `resize_px`, the other in proportion (rounded to nearest, at least 1)
        CentreSquare,  // the centre square of the picture to resize_px x resize_px
        Letterbox,     // whole picture fitted into width x height, rest filled with `fill`
    };
    enum class Filter {
        Triangle,        // bilinear that widens when shrinking (antialias); fixed point as seed README step 3
        Cubic,           // a = -0.5, widens likewise
        TwoTapBilinear,  // no smoothing, fractional, k cut towards zero: the Custom Vision sample's own
        Area,            // mean of the covered pixels
    };
    enum class Channels { Rgb, Bgr };
    enum class Layout { Nchw, Nhwc };

    /// If > 0 and a side is at least this long: first shrink so that the longer side is this (Triangle, or
    /// Cubic below half), to bytes. The sample's step for 1600.
    int shrink_longer_side_px = 0;
    Resize resize = Resize::Stretch;
    Filter filter = Filter::Triangle;
    int resize_px = 0;   // see Resize; unused by Stretch and Letterbox
    int width_px = 224;  // of the model's input, after the centre crop
    int height_px = 224;
    Channels channels = Channels::Rgb;
    std::array<float, 3> mean{0, 0, 0};  // in the order of `channels`
    std::array<float, 3> std{1, 1, 1};
    float scale = 1;
    std::uint8_t fill = 114;
    Layout layout = Layout::Nchw;
    /// Whether a JPEG may be decoded at a reduced size (see DecodeOptions). Never for the vendor's recipes.
    bool reduced_decode = true;
    bool orient = true;

    bool operator==(Recipe const&) const = default;
};

/// The recipe of the Azure Custom Vision sample's last version (shrink at 1600, two-tap bilinear centre
/// square 256, centre crop `side_px`, BGR, 0..255, NHWC), exactly.
Recipe custom_vision_recipe(int side_px = 227);
/// The older one of the published article: shorter side to 256, centre crop 227, BGR.
Recipe custom_vision_article_recipe(int side_px = 227);

OrderedJson to_json(Recipe const& recipe);
/// Errors: InvalidArgument naming the key that is missing, unknown, of the wrong type or out of range.
Result<Recipe> parse_recipe(Json const& json);

/// The shorter side that a reduced-size decode must keep for this recipe; 0 = decode in full.
int decode_shorter_side_px(Recipe const& recipe);

/// Turns `image` into the model's input: 1 x 3 x H x W or 1 x H x W x 3, by recipe.layout. Any thread.
/// Errors: InvalidArgument for an empty image.
Result<Tensor> apply(Recipe const& recipe, Image const& image);

/// Steps 1 of the above alone, for tests and thumbnails: `image` resized to exactly that size, to bytes.
Image resized(Image const& image, int width_px, int height_px, Recipe::Filter filter);

}  // namespace ounce::vision
