#include "vision/encode.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

#include "vision/decode.hpp"

namespace ounce::vision {
namespace {

TEST(EncodeTest, ComesBackAlike) {
    auto image = make_image(33, 17);
    for (int y = 0; y < 17; ++y)
        for (int x = 0; x < 33 * 3; ++x) image.row(y)[x] = static_cast<std::uint8_t>(2 * x + y);
    auto const file = encode_jpeg(image, 95);
    ASSERT_TRUE(file);
    auto const back = decode(*file);
    ASSERT_TRUE(back);
    ASSERT_EQ(back->image.width_px, 33);
    ASSERT_EQ(back->image.height_px, 17);
    double difference = 0;
    for (std::size_t i = 0; i < image.rgb.size(); ++i)
        difference += std::abs(image.rgb[i] - back->image.rgb[i]);
    EXPECT_LT(difference / static_cast<double>(image.rgb.size()), 6);
}

TEST(EncodeTest, ImpossibleSizesAreErrors) {
    EXPECT_EQ(encode_jpeg({}, 80).error().code, Code::InvalidArgument);
    EXPECT_EQ(encode_jpeg(make_image(70'000, 1), 80).error().code, Code::InvalidArgument);
}

}  // namespace
}  // namespace ounce::vision
