#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "vision/image.hpp"

namespace ounce::vision {

/// `image` as a baseline JPEG (4:2:0, standard tables optimised), `quality` 1..100. For thumbnails: nothing
/// of the original's EXIF (place, owner) comes along. Any thread.
/// Errors: InvalidArgument for an empty image or a side beyond 65,500; Internal with libjpeg's words.
Result<Bytes> encode_jpeg(Image const& image, int quality);

}  // namespace ounce::vision
