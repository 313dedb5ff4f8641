#include "train/augmentation.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/random.hpp"

namespace ounce::train {
namespace {

using vision::Image;

std::uint8_t to_byte(double value) {
    return static_cast<std::uint8_t>(std::clamp(value + 0.5, 0.0, 255.0));
}

Image flipped(Image const& image) {
    auto result = image;
    for (int y = 0; y < image.height_px; ++y)
        for (int x = 0; x < image.width_px; ++x)
            std::copy_n(image.row(y) + 3 * x, 3, result.row(y) + 3 * (image.width_px - 1 - x));
    return result;
}

Image cropped(Image const& image, Random& random) {
    auto const part = [&](int side) {
        return std::max(1, static_cast<int>(side * (0.7 + 0.25 * random.unit())));
    };
    int const width = part(image.width_px);
    int const height = part(image.height_px);
    auto const start = [&](int whole, int side) {
        return static_cast<int>(random.below(static_cast<std::uint64_t>(whole - side) + 1));
    };
    int const left = start(image.width_px, width);
    int const top = start(image.height_px, height);
    auto result = vision::make_image(width, height);
    for (int y = 0; y < height; ++y) std::copy_n(image.row(top + y) + 3 * left, 3 * width, result.row(y));
    return result;
}

Image relit(Image const& image, Random& random) {
    double const gain = 0.6 + 0.8 * random.unit();
    double const contrast = 0.8 + 0.4 * random.unit();
    std::array<std::uint8_t, 256> table{};
    for (std::size_t i = 0; i < table.size(); ++i)
        table[i] = to_byte(((static_cast<double>(i) - 128) * contrast + 128) * gain);
    auto result = image;
    for (auto& value : result.rgb) value = table[value];
    return result;
}

/// What an infrared flash makes of a scene: no colour, foliage bright, the middle lit and the rims dark,
/// grain.
Image infrared(Image const& image, Random& random) {
    auto result = image;
    double const centre_x = image.width_px * (0.4 + 0.2 * random.unit());
    double const centre_y = image.height_px * (0.4 + 0.2 * random.unit());
    double const reach = 0.75 * std::max(image.width_px, image.height_px);
    double const grain = 4 + 8 * random.unit();
    for (int y = 0; y < image.height_px; ++y) {
        auto* const row = result.row(y);
        for (int x = 0; x < image.width_px; ++x) {
            double const grey = 0.4 * row[3 * x] + 0.5 * row[3 * x + 1] + 0.1 * row[3 * x + 2];
            double const away = std::hypot(x - centre_x, y - centre_y) / reach;
            double const light = std::max(0.25, 1.15 - away * away);
            auto const value = to_byte(grey * light + (random.unit() - 0.5) * 2 * grain);
            row[3 * x] = row[3 * x + 1] = row[3 * x + 2] = value;
        }
    }
    return result;
}

}  // namespace

std::string_view to_string(View view) {
    switch (view) {
        case View::Plain:
            return "plain";
        case View::Flip:
            return "flip";
        case View::Crop:
            return "crop";
        case View::Brightness:
            return "brightness";
        case View::Infrared:
            return "infrared";
    }
    return "plain";
}

std::vector<View> const& augmented_views() {
    static std::vector<View> const kViews{View::Flip, View::Crop, View::Infrared, View::Brightness};
    return kViews;
}

Image augmented(Image const& image, View view, std::uint64_t seed) {
    Random random(seed);
    switch (view) {
        case View::Plain:
            return image;
        case View::Flip:
            return flipped(image);
        case View::Crop:
            return cropped(image, random);
        case View::Brightness:
            return relit(image, random);
        case View::Infrared:
            return infrared(image, random);
    }
    return image;
}

}  // namespace ounce::train
