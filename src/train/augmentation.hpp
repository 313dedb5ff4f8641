#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "vision/image.hpp"

namespace ounce::train {

/// Another way to see a picture. Plain is the picture itself.
enum class View { Plain, Flip, Crop, Brightness, Infrared };

/// "plain", "flip", ...
std::string_view to_string(View view);

/// In the order of their use; the time budget decides how many are reached.
std::vector<View> const& augmented_views();

/// `image` as `view` shows it: mirrored; a part of 70 to 95 % of each side; lighter or darker by up to 40 %
/// with another contrast; or like an infrared flash picture (grey, bright in the middle, grainy). `seed`
/// fixes what is random: the same picture and seed give the same pixels.
vision::Image augmented(vision::Image const& image, View view, std::uint64_t seed);

}  // namespace ounce::train
