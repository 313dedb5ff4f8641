#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ounce::vision {

/// A picture as rows from the top, 8-bit R, G, B for each pixel, no padding. Owns its pixels.
struct Image {
    int width_px = 0;
    int height_px = 0;
    std::vector<std::uint8_t> rgb;  // height_px * width_px * 3

    [[nodiscard]] bool empty() const { return width_px <= 0 || height_px <= 0; }
    [[nodiscard]] std::uint8_t const* row(int y) const {
        return rgb.data() + static_cast<std::size_t>(y) * static_cast<std::size_t>(width_px) * 3;
    }
    [[nodiscard]] std::uint8_t* row(int y) {
        return rgb.data() + static_cast<std::size_t>(y) * static_cast<std::size_t>(width_px) * 3;
    }
};

/// A black picture of that size. width_px, height_px >= 1.
Image make_image(int width_px, int height_px);

/// A rectangle as parts of the picture's sides, 0..1, (x, y) = upper left corner. As MegaDetector writes it.
struct Box {
    double x = 0;
    double y = 0;
    double width = 0;
    double height = 0;
};

}  // namespace ounce::vision
