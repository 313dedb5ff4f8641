#include "trap/whole_look.hpp"

#include "vision/decode.hpp"

namespace ounce::trap {

Result<vision::Tensor> prepare(vision::Recipe const& recipe, ByteView file, Look& look) {
    vision::DecodeOptions options;
    options.shorter_side_min_px = vision::decode_shorter_side_px(recipe);
    options.orient = recipe.orient;
    TRY(auto const decoded, vision::decode(file, options));
    look.width_px = decoded.full_width_px;
    look.height_px = decoded.full_height_px;
    look.grey = decoded.grey;
    if (decoded.damaged) look.damage = decoded.damage.empty() ? "broken off" : decoded.damage;
    return vision::apply(recipe, decoded.image);
}

}  // namespace ounce::trap
