#include "train/augmentation.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"

namespace ounce::train {
namespace {

vision::Image noise(int width, int height) {
    auto image = vision::make_image(width, height);
    Random random(1);
    for (auto& value : image.rgb) value = static_cast<std::uint8_t>(random.below(256));
    return image;
}

TEST(Augmented, FlipTwiceIsThePicture) {
    auto const image = noise(5, 3);
    auto const once = augmented(image, View::Flip, 1);
    EXPECT_NE(once.rgb, image.rgb);
    EXPECT_EQ(augmented(once, View::Flip, 1).rgb, image.rgb);
}

TEST(Augmented, EveryViewWorksOnOnePixelAndRepeats) {
    for (auto const& image : {noise(1, 1), noise(31, 17)}) {
        for (auto const view : augmented_views()) {
            auto const a = augmented(image, view, 7);
            EXPECT_FALSE(a.empty());
            EXPECT_EQ(a.rgb, augmented(image, view, 7).rgb) << to_string(view);
        }
    }
}

TEST(Augmented, InfraredHasNoColour) {
    auto const image = augmented(noise(20, 10), View::Infrared, 3);
    for (std::size_t i = 0; i < image.rgb.size(); i += 3) {
        EXPECT_EQ(image.rgb[i], image.rgb[i + 1]);
        EXPECT_EQ(image.rgb[i], image.rgb[i + 2]);
    }
}

TEST(Augmented, CropStaysInside) {
    auto const image = augmented(noise(100, 50), View::Crop, 3);
    EXPECT_LE(image.width_px, 95);
    EXPECT_GE(image.width_px, 70);
    EXPECT_GE(image.height_px, 35);
}

}  // namespace
}  // namespace ounce::train
