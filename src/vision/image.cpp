#include "vision/image.hpp"

namespace ounce::vision {

Image make_image(int width_px, int height_px) {
    return {width_px, height_px,
            std::vector<std::uint8_t>(static_cast<std::size_t>(width_px) *
                                      static_cast<std::size_t>(height_px) * 3)};
}

}  // namespace ounce::vision
