#pragma once

#include <string>

#include "vision/package.hpp"

// What the tests of packages and classifiers share: a whole package that is small and quick.
namespace ounce::vision {

/// A BMP of one colour.
Bytes bmp_of(int width_px, int height_px, std::uint8_t red, std::uint8_t green, std::uint8_t blue);

/// Tells "red", "green" and "blue" pictures: softmax over the mean of each channel, times 8.
/// Two golden images whose answers were worked out by hand.
Package colour_package();

}  // namespace ounce::vision
