#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "project/guid.hpp"
#include "project/picture.hpp"
#include "store/blob_store.hpp"
#include "store/database.hpp"

namespace ounce::project {

/// Images of a project and their tags (custom-vision-api.md section 4.4). For threads and errors see
/// projects.hpp.

inline constexpr std::size_t kImagesMax = 1'000'000;  // of a project
inline constexpr std::size_t kBatchImagesMax = 64;
inline constexpr std::size_t kBatchTagsMax = 20;
inline constexpr std::size_t kTagsOfImageMax = 100;
inline constexpr std::size_t kImageIdsMax = 256;
inline constexpr std::size_t kImageTagsMax = 128;  // pairs in one call
inline constexpr std::size_t kTakeMax = 256;
inline constexpr std::size_t kMetadataPairsMax = 10;
inline constexpr std::size_t kMetadataKeyBytesMax = 128;
inline constexpr std::size_t kMetadataValueBytesMax = 256;

using Metadata = std::map<std::string, std::string>;

struct ImageTag {
    Guid tag;
    std::string name;
    Time created;
};

struct Image {
    Guid id;
    Time created;
    int width_px = 0;  // of the resized picture
    int height_px = 0;
    bool resized = false;  // false: the resized picture is the original
    std::vector<ImageTag> tags;
    Metadata metadata;
};

/// What became of one picture of an upload, as the wire has it.
enum class UploadStatus {
    Ok,
    OkDuplicate,  // it was there; it has the new tags now
    ErrorSource,
    ErrorImageFormat,
    ErrorImageSize,
    ErrorImageDimensions,
    ErrorLimitExceed,
    ErrorTagLimitExceed,
    ErrorInvalidTag,
    ErrorNegativeAndRegularTagOnSameImage,
};
std::string_view to_string(UploadStatus status);

/// One picture on its way in: stored, or why not.
struct NewImage {
    std::string source;  // its name in the answer
    std::variant<StoredPicture, UploadStatus> picture = UploadStatus::ErrorSource;
    std::vector<Guid> tags;  // its own, besides those of the whole batch
};

struct UploadedImage {
    std::string source;
    UploadStatus status = UploadStatus::Ok;
    std::optional<Image> image;
};

/// Whether a batch can be taken at all, before its pictures are looked at.
/// Errors: NotFoundProject; BadRequestImageTags for an unknown tag of the batch;
/// BadRequestExceededBatchSize.
Status check_batch(store::Database& database, Guid const& project, std::size_t images,
                   std::span<Guid const> tags);

/// Adds the stored pictures of a batch with its tags and metadata. `blobs` is asked whether the files are
/// there: see blobs.hpp.
/// Errors: as check_batch; BadRequestImageMetadataKey, BadRequestImageMetadataValue; Aborted if a blob went
/// away meanwhile: store the picture again.
Result<std::vector<UploadedImage>> add_images(store::Database& database, store::BlobStore const& blobs,
                                              Guid const& project, std::span<NewImage const> images,
                                              std::span<Guid const> tags, Metadata const& metadata, Time now);

enum class Tagging { All, Tagged, Untagged };

struct ImageQuery {
    std::optional<Guid> iteration = {};  // the data set as it was frozen for that training
    std::vector<Guid> tags = {};         // any of them; empty: all images
    Tagging tagging = Tagging::All;
    bool measured = false;  // of an iteration: only those that it was measured on
    bool oldest_first = false;
    std::size_t take = 50;
    std::size_t skip = 0;
};

/// Errors: NotFoundProject, NotFoundIteration; BadRequestInvalid for more than kTakeMax images or
/// kBatchTagsMax tags.
Result<std::vector<Image>> list_images(store::Database& database, Guid const& project,
                                       ImageQuery const& query);
/// How many there are, whatever `take` and `skip` say. Errors: as list_images.
Result<std::size_t> count_images(store::Database& database, Guid const& project, ImageQuery const& query);

/// Those that are there, in the order asked for. Errors: as list_images.
Result<std::vector<Image>> get_images(store::Database& database, Guid const& project,
                                      std::span<Guid const> ids, std::optional<Guid> const& iteration);

/// One of an image's files.
struct ImageFile {
    std::string digest;
    std::string content_type;
};
enum class ImageCopy { Original, Resized, Thumbnail };
/// Errors: NotFoundImage.
Result<ImageFile> find_image_file(store::Database& database, Guid const& project, Guid const& image,
                                  ImageCopy copy);

/// All images, or those named, leave the workspace; trained iterations keep what they learnt from unless
/// `from_iterations`, which takes those too that left the workspace before. Unknown ids are passed over.
/// Their blobs are doomed where nothing holds them.
Status delete_images(store::Database& database, Guid const& project,
                     std::optional<std::vector<Guid>> const& ids, bool from_iterations, Time now);

struct ImageTagPair {
    Guid image;
    Guid tag;
    bool operator==(ImageTagPair const&) const = default;
};
struct TaggingResult {
    std::vector<ImageTagPair> created;
    std::vector<ImageTagPair> duplicated;  // had it before
    std::vector<ImageTagPair> exceeded;    // would have more tags than an image of the project may
};
/// Errors: NotFoundImage, NotFoundTag, BadRequestNegativeAndRegularTagOnSameImage; nothing is tagged then.
Result<TaggingResult> tag_images(store::Database& database, Guid const& project,
                                 std::span<ImageTagPair const> pairs, Time now);

/// Takes each of the tags off each of the images. Unknown ids are passed over.
Status untag_images(store::Database& database, Guid const& project, std::span<Guid const> images,
                    std::span<Guid const> tags, Time now);

/// Whether each image is there and has the metadata now (merged with what it had).
enum class MetadataStatus { Ok, ErrorImageNotFound, ErrorLimitExceed };
struct MetadataResult {
    Guid image;
    MetadataStatus status = MetadataStatus::Ok;
    Metadata metadata;
};
/// Errors: NotFoundProject; BadRequestImageMetadataKey, BadRequestImageMetadataValue.
Result<std::vector<MetadataResult>> set_metadata(store::Database& database, Guid const& project,
                                                 std::span<Guid const> images, Metadata const& metadata,
                                                 Time now);

}  // namespace ounce::project
