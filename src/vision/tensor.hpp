#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace ounce::vision {

/// Numbers in row-major order with their shape. Owns them.
struct Tensor {
    std::vector<std::int64_t> shape;
    std::vector<float> values;  // product of shape

    [[nodiscard]] std::int64_t count() const {
        std::int64_t product = 1;
        for (auto const side : shape) product *= side;
        return product;
    }
};

}  // namespace ounce::vision
