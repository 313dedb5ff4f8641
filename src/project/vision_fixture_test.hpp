#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/file.hpp"
#include "project/images.hpp"
#include "project/iterations.hpp"
#include "project/projects.hpp"
#include "project/schema.hpp"
#include "project/tags.hpp"
#include "store/blob_store.hpp"
#include "store/database.hpp"
#include "vision/decode.hpp"
#include "vision/encode.hpp"

namespace ounce::project {

/// A JPEG that no other number gives.
inline Bytes numbered_picture(int number, int width_px = 64, int height_px = 48) {
    auto image = vision::make_image(width_px, height_px);
    for (std::size_t i = 0; i < image.rgb.size(); ++i)
        image.rgb[i] = static_cast<std::uint8_t>((i / 3 * 7 + static_cast<std::size_t>(number) * 13) % 251);
    for (int x = 0; x < 8; ++x)  // large enough a difference for a lossy format
        for (int bit = 0; bit < 8; ++bit) {
            auto* const pixel = image.row(x) + static_cast<std::ptrdiff_t>(bit) * 24;
            for (int k = 0; k < 24; ++k) pixel[k] = (number >> bit & 1) != 0 ? 255 : 0;
        }
    auto file = vision::encode_jpeg(image, 90);
    EXPECT_TRUE(file.has_value());
    return std::move(*file);
}

/// A database and a blob store in a folder of their own, and one project with what a test puts into it.
class VisionRows : public ::testing::Test {
  protected:
    VisionRows()
        : folder_(*TemporaryFolder::create()),
          database_(*store::Database::open(folder_.path() / "vision.db", migrations())),
          blobs_(*store::BlobStore::open(folder_.path() / "blobs")) {}

    Time now() { return now_ += std::chrono::seconds(1); }

    Guid make_project(bool multilabel = false) {
        ProjectSettings settings;
        settings.multilabel = multilabel;
        return create_project(database_, "birds", "", settings, now())->id;
    }
    Guid make_tag(Guid const& project, std::string const& name, TagType type = TagType::Regular) {
        return create_tag(database_, project, name, std::nullopt, type, now())->id;
    }
    /// Uploads picture `number` with these tags.
    Result<std::vector<UploadedImage>> upload(Guid const& project, int number,
                                              std::vector<Guid> const& tags) {
        TRY(auto const stored, store_picture(numbered_picture(number), holds_));
        NewImage image{"p", UploadStatus::ErrorImageFormat, {}};
        if (auto const* picture = std::get_if<StoredPicture>(&stored)) image.picture = *picture;
        return add_images(database_, blobs_, project, std::span(&image, 1), tags, {}, now());
    }
    Guid upload_one(Guid const& project, int number, std::vector<Guid> const& tags) {
        auto const done = upload(project, number, tags);
        EXPECT_TRUE(done.has_value() && done->front().image.has_value());
        return done->front().image->id;
    }
    /// `count` pictures of each tag, numbers from `first` on.
    void upload_some(Guid const& project, std::vector<Guid> const& tags, int count, int first = 0) {
        for (auto const& tag : tags)
            for (int k = 0; k < count; ++k) upload_one(project, first++, {tag});
    }

    TemporaryFolder folder_;
    store::Database database_;
    store::BlobStore blobs_;
    BlobHolds holds_{blobs_};
    Time now_{std::chrono::seconds(1'700'000'000)};
};

}  // namespace ounce::project
