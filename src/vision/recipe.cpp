#include "vision/recipe.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "vision/resize.hpp"

namespace ounce::vision {
namespace {

/// What the geometry of a recipe comes to for one picture: `source` is resized to width x height, of which
/// `window` goes into the model's input with its corner at (x, y).
struct Plan {
    Window source;
    int width_px = 0;
    int height_px = 0;
    Window window;
    int x = 0;
    int y = 0;
};

/// Where a centre crop starts, as the Custom Vision sample computes it: for 227 of 256 that is 15, not 14.
int crop_start(int side_px, int crop_px) {
    return side_px / 2 - crop_px / 2;
}

/// `side_px` times `factor`, to the nearest pixel.
int scaled_px(int side_px, double factor) {
    return std::max(1, static_cast<int>(std::floor(side_px * factor + 0.5)));
}

Plan plan_for(Recipe const& recipe, int width_px, int height_px) {
    Plan plan;
    plan.source = {0, 0, width_px, height_px};
    plan.width_px = recipe.width_px;
    plan.height_px = recipe.height_px;
    switch (recipe.resize) {
        case Recipe::Resize::Stretch:
            break;
        case Recipe::Resize::ShorterSide: {
            auto const factor = static_cast<double>(recipe.resize_px) / std::min(width_px, height_px);
            plan.width_px = scaled_px(width_px, factor);
            plan.height_px = scaled_px(height_px, factor);
            break;
        }
        case Recipe::Resize::CentreSquare: {
            auto const side = std::min(width_px, height_px);
            plan.source = {(width_px - side) / 2, (height_px - side) / 2, side, side};
            plan.width_px = plan.height_px = recipe.resize_px;
            break;
        }
        case Recipe::Resize::Letterbox: {
            auto const factor = std::min(static_cast<double>(recipe.width_px) / width_px,
                                         static_cast<double>(recipe.height_px) / height_px);
            plan.width_px = std::min(scaled_px(width_px, factor), recipe.width_px);
            plan.height_px = std::min(scaled_px(height_px, factor), recipe.height_px);
            plan.window = {0, 0, plan.width_px, plan.height_px};
            plan.x = (recipe.width_px - plan.width_px) / 2;
            plan.y = (recipe.height_px - plan.height_px) / 2;
            return plan;
        }
    }
    plan.window = {crop_start(plan.width_px, recipe.width_px), crop_start(plan.height_px, recipe.height_px),
                   recipe.width_px, recipe.height_px};
    return plan;
}

/// The sample's first step: a picture that is too large is made smaller, to bytes.
Image shrunk(Image const& image, int longer_px) {
    auto const longer = std::max(image.width_px, image.height_px);
    auto const shorter = std::min(image.width_px, image.height_px);
    auto const other = std::max(
        1, static_cast<int>(static_cast<std::int64_t>(longer_px) * shorter / longer));  // rounded down
    auto const filter =
        2 * static_cast<std::int64_t>(longer_px) >= longer ? Recipe::Filter::Triangle : Recipe::Filter::Cubic;
    return image.width_px >= image.height_px ? resized(image, longer_px, other, filter)
                                             : resized(image, other, longer_px, filter);
}

/// Writes values into the places that layout, channel order and a window's corner give them.
class Writer {
  public:
    Writer(Recipe const& recipe, Tensor& tensor) : values_(tensor.values.data()) {
        auto const width = static_cast<std::size_t>(recipe.width_px);
        auto const height = static_cast<std::size_t>(recipe.height_px);
        auto const planar = recipe.layout == Recipe::Layout::Nchw;
        pixel_step_ = planar ? 1 : 3;
        row_step_ = width * pixel_step_;
        channel_step_ = planar ? width * height : 1;
        reversed_ = recipe.channels == Recipe::Channels::Bgr;
    }
    /// Where in the recipe's order the stored channel `rgb` comes.
    [[nodiscard]] std::size_t place(std::size_t rgb) const { return reversed_ ? 2 - rgb : rgb; }
    [[nodiscard]] float* at(std::size_t x, std::size_t y, std::size_t rgb) const {
        return values_ + y * row_step_ + x * pixel_step_ + place(rgb) * channel_step_;
    }
    [[nodiscard]] std::size_t pixel_step() const { return pixel_step_; }

  private:
    float* values_;
    std::size_t pixel_step_ = 1;
    std::size_t row_step_ = 1;
    std::size_t channel_step_ = 1;
    bool reversed_ = false;
};

float normed(Recipe const& recipe, std::size_t channel, double value) {
    return static_cast<float>((value * recipe.scale - recipe.mean[channel]) / recipe.std[channel]);
}

/// What each byte becomes, for one channel: 256 answers worked out once, in double.
std::array<float, 256> table_for(Recipe const& recipe, std::size_t channel) {
    std::array<float, 256> table{};
    for (std::size_t value = 0; value < table.size(); ++value)
        table[value] = normed(recipe, channel, static_cast<double>(value));
    return table;
}

/// `source`: R, G, B for each pixel of the plan's window; `value(channel, stored)` its normed value.
template <class T, class Value>
void write(Plan const& plan, Writer const& writer, T const* source, Value const& value) {
    auto const width = static_cast<std::size_t>(plan.window.width_px);
    for (std::size_t rgb = 0; rgb < 3; ++rgb) {
        auto const channel = writer.place(rgb);
        auto const step = writer.pixel_step();
        for (std::size_t y = 0; y < static_cast<std::size_t>(plan.window.height_px); ++y) {
            auto const* from = source + y * width * 3 + rgb;
            auto* to = writer.at(static_cast<std::size_t>(plan.x), static_cast<std::size_t>(plan.y) + y, rgb);
            for (std::size_t x = 0; x < width; ++x, from += 3, to += step) *to = value(channel, *from);
        }
    }
}

}  // namespace

Recipe custom_vision_recipe(int side_px) {
    Recipe recipe;
    recipe.shrink_longer_side_px = 1600;
    recipe.resize = Recipe::Resize::CentreSquare;
    recipe.filter = Recipe::Filter::TwoTapBilinear;
    recipe.resize_px = std::max(256, side_px);
    recipe.width_px = recipe.height_px = side_px;
    recipe.channels = Recipe::Channels::Bgr;
    recipe.layout = Recipe::Layout::Nhwc;
    recipe.reduced_decode = false;
    return recipe;
}

Recipe custom_vision_article_recipe(int side_px) {
    auto recipe = custom_vision_recipe(side_px);
    recipe.shrink_longer_side_px = 0;
    recipe.resize = Recipe::Resize::ShorterSide;
    return recipe;
}

int decode_shorter_side_px(Recipe const& recipe) {
    if (!recipe.reduced_decode || recipe.shrink_longer_side_px > 0) return 0;
    switch (recipe.resize) {
        case Recipe::Resize::Stretch:
        case Recipe::Resize::Letterbox:
            return std::max(recipe.width_px, recipe.height_px);
        case Recipe::Resize::ShorterSide:
        case Recipe::Resize::CentreSquare:
            return recipe.resize_px;
    }
    return 0;
}

Result<Tensor> apply(Recipe const& recipe, Image const& image) {
    if (image.empty()) return fail(Code::InvalidArgument, "the picture is empty");
    if (recipe.shrink_longer_side_px > 0 &&
        std::max(image.width_px, image.height_px) >= recipe.shrink_longer_side_px &&
        std::max(image.width_px, image.height_px) != recipe.shrink_longer_side_px) {
        auto rest = recipe;
        rest.shrink_longer_side_px = 0;
        return apply(rest, shrunk(image, recipe.shrink_longer_side_px));
    }
    Tensor tensor;
    auto const planar = recipe.layout == Recipe::Layout::Nchw;
    tensor.shape = planar ? std::vector<std::int64_t>{1, 3, recipe.height_px, recipe.width_px}
                          : std::vector<std::int64_t>{1, recipe.height_px, recipe.width_px, 3};
    tensor.values.resize(static_cast<std::size_t>(tensor.count()));

    auto const plan = plan_for(recipe, image.width_px, image.height_px);
    Writer const writer(recipe, tensor);
    if (recipe.resize == Recipe::Resize::Letterbox) {
        for (std::size_t rgb = 0; rgb < 3; ++rgb) {
            auto const bar = normed(recipe, writer.place(rgb), recipe.fill);
            for (std::size_t y = 0; y < static_cast<std::size_t>(recipe.height_px); ++y)
                for (std::size_t x = 0; x < static_cast<std::size_t>(recipe.width_px); ++x)
                    *writer.at(x, y, rgb) = bar;
        }
    }
    if (recipe.filter == Recipe::Filter::TwoTapBilinear) {
        auto const values = two_tap_window(image, plan.source, plan.width_px, plan.height_px, plan.window);
        write(plan, writer, values.data(),
              [&](std::size_t channel, double value) { return normed(recipe, channel, value); });
    } else {
        auto const bytes = resized_window(view(image, plan.source), plan.width_px, plan.height_px,
                                          plan.window, recipe.filter);
        std::array const tables{table_for(recipe, 0), table_for(recipe, 1), table_for(recipe, 2)};
        write(plan, writer, bytes.rgb.data(),
              [&](std::size_t channel, std::uint8_t value) { return tables[channel][value]; });
    }
    return tensor;
}

Image resized(Image const& image, int width_px, int height_px, Recipe::Filter filter) {
    Window const all{0, 0, width_px, height_px};
    if (image.empty() || width_px <= 0 || height_px <= 0) return {};
    if (filter != Recipe::Filter::TwoTapBilinear)
        return resized_window(view(image), width_px, height_px, all, filter);
    auto const values =
        two_tap_window(image, {0, 0, image.width_px, image.height_px}, width_px, height_px, all);
    auto out = make_image(width_px, height_px);
    std::transform(values.begin(), values.end(), out.rgb.begin(), [](double value) {
        return static_cast<std::uint8_t>(std::clamp(value + 0.5, 0.0, 255.0));
    });
    return out;
}

}  // namespace ounce::vision
