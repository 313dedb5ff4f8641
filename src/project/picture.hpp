#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "project/blob_holds.hpp"

namespace ounce::project {

inline constexpr std::size_t kPictureBytesMax = std::size_t{6} << 20;
inline constexpr int kSideMax = 10'240;
inline constexpr int kAspectMax = 25;
/// What people look at is at most this large (custom-vision-api.md section 4.4).
inline constexpr int kResizedLongerMax = 1600;
inline constexpr int kResizedShorterMax = 900;
inline constexpr int kThumbnailLongerMax = 300;

/// A picture whose files are in the blob store and which no row names yet. They stay while it, or a copy,
/// does.
struct StoredPicture {
    std::string original;  // digests
    std::string resized;   // that of the original if nothing was resized
    std::string thumbnail;
    std::string format;  // of the original: "jpeg", "png", "bmp", "gif", "webp"
    int width_px = 0;    // of the resized one, upright
    int height_px = 0;
    std::vector<std::shared_ptr<void const>> holds;
};

/// Why a picture is not taken, as the wire says it for each picture of a batch.
enum class PictureFault { Format, Size, Dimensions };

/// Looks at the bytes of an uploaded file (their first ones tell the format), and stores the original, a
/// resized copy if it is large, and a thumbnail. Takes as long as decoding does: for a worker's thread. The
/// copies carry no EXIF (place, owner).
/// Errors: as BlobHolds::put.
Result<std::variant<StoredPicture, PictureFault>> store_picture(ByteView file, BlobHolds const& blobs);

/// The sides that fit into the bounds above, in proportion; as they are if they fit.
struct Sides {
    int width_px = 0;
    int height_px = 0;
    bool operator==(Sides const&) const = default;
};
Sides resized_sides(int width_px, int height_px);
Sides thumbnail_sides(int width_px, int height_px);

}  // namespace ounce::project
