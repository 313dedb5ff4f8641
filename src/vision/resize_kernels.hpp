#pragma once

#include <cstddef>
#include <cstdint>

#include "vision/resize.hpp"

/// The inner loops of resizing: integers only, so that every build and processor gives the same bytes.
namespace ounce::vision {

/// One pass along rows. `source` must be readable for one byte beyond each row's last pixel.
void resize_across(PixelView source, Weights const& weights, std::uint8_t* out, std::size_t out_row_bytes);

/// One pass down columns: output row i from the rows `weights` names. `row_length` bytes a row.
void resize_down(std::uint8_t const* source, std::size_t row_length, Weights const& weights,
                 std::uint8_t* out);

}  // namespace ounce::vision
