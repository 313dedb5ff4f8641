#include "project/picture.hpp"

#include <algorithm>
#include <cmath>

#include "vision/decode.hpp"
#include "vision/encode.hpp"
#include "vision/recipe.hpp"

namespace ounce::project {
namespace {

constexpr int kResizedQuality = 90;
constexpr int kThumbnailQuality = 85;

Sides scaled(int width_px, int height_px, double scale) {
    if (scale >= 1) return {width_px, height_px};
    auto const side = [scale](int px) { return std::max(1, static_cast<int>(std::lround(px * scale))); };
    return {side(width_px), side(height_px)};
}

Result<Bytes> shrunk(vision::Image const& image, Sides sides, int quality) {
    if (Sides{image.width_px, image.height_px} == sides) return vision::encode_jpeg(image, quality);
    auto const small =
        vision::resized(image, sides.width_px, sides.height_px, vision::Recipe::Filter::Triangle);
    return vision::encode_jpeg(small, quality);
}

bool out_of_bounds(int width_px, int height_px) {
    auto const longer = std::max(width_px, height_px);
    auto const shorter = std::max(1, std::min(width_px, height_px));
    return longer > kSideMax || longer > shorter * kAspectMax;
}

}  // namespace

Sides resized_sides(int width_px, int height_px) {
    auto const longer = std::max(width_px, height_px);
    auto const shorter = std::min(width_px, height_px);
    return scaled(width_px, height_px,
                  std::min(double{kResizedLongerMax} / longer, double{kResizedShorterMax} / shorter));
}

Sides thumbnail_sides(int width_px, int height_px) {
    return scaled(width_px, height_px, double{kThumbnailLongerMax} / std::max(width_px, height_px));
}

Result<std::variant<StoredPicture, PictureFault>> store_picture(ByteView file, BlobHolds const& blobs) {
    if (file.size() > kPictureBytesMax) return PictureFault::Size;
    auto const header = vision::read_header(file);
    if (!header) return PictureFault::Format;
    if (out_of_bounds(header->width_px, header->height_px)) return PictureFault::Dimensions;
    // A JPEG needs no more pixels than its copies have.
    auto const needed = resized_sides(header->width_px, header->height_px);
    bool const large = needed != Sides{header->width_px, header->height_px};
    auto const shorter = large ? std::min(needed.width_px, needed.height_px) : kThumbnailLongerMax;
    auto const decoded = vision::decode(file, {.shorter_side_min_px = shorter});
    if (!decoded) return PictureFault::Format;

    StoredPicture picture;
    picture.format = vision::to_string(header->format);
    auto const sides = resized_sides(decoded->full_width_px, decoded->full_height_px);
    picture.width_px = sides.width_px;
    picture.height_px = sides.height_px;
    auto const put = [&](ByteView content) -> Result<std::string> {
        TRY(auto held, blobs.put(content));
        picture.holds.push_back(std::move(held.hold));
        return std::move(held.digest);
    };
    TRY(picture.original, put(file));
    picture.resized = picture.original;
    if (large) {
        TRY(auto const resized, shrunk(decoded->image, sides, kResizedQuality));
        TRY(picture.resized, put(resized));
    }
    auto const thumbnail = thumbnail_sides(decoded->full_width_px, decoded->full_height_px);
    TRY(auto const small, shrunk(decoded->image, thumbnail, kThumbnailQuality));
    TRY(picture.thumbnail, put(small));
    return picture;
}

}  // namespace ounce::project
