// What comes in: new images, with the rules for their tags.
#include <algorithm>
#include <set>

#include "base/json.hpp"
#include "project/images.hpp"
#include "project/metadata.hpp"
#include "project/projects.hpp"
#include "project/tags.hpp"

namespace ounce::project {
namespace {

/// One call of add_images().
class Upload {
  public:
    Upload(store::Database& database, store::BlobStore const& blobs, std::int64_t project, bool multilabel,
           Time now)
        : database_(database), blobs_(blobs), project_(project), multilabel_(multilabel), now_(now) {}

    /// The row of the image, or why it was not taken.
    struct Taken {
        UploadStatus status = UploadStatus::Ok;
        Guid id;               // unless an error
        bool changed = false;  // something that is learnt from
    };
    Result<Taken> take(StoredPicture const& picture, std::vector<Guid> const& tags,
                       Metadata const& metadata) {
        std::vector<TagRow> rows;
        for (auto const& tag : tags) {
            TRY(auto const row, find_tag(database_, project_, tag));
            if (!row) return Taken{UploadStatus::ErrorInvalidTag, {}};
            rows.push_back(*row);
        }
        TRY(auto found, find(picture));
        TRY(auto const all, with_tags_of(found, rows));
        if (auto const fault = fault_of(all)) return Taken{*fault, {}};
        Taken taken{found && found->workspace ? UploadStatus::OkDuplicate : UploadStatus::Ok, {}};
        taken.changed = taken.status == UploadStatus::Ok;
        if (!found) {
            if (images_ >= kImagesMax) return Taken{UploadStatus::ErrorLimitExceed, {}};
            TRY(found, insert(picture));
            ++images_;
        } else if (!found->workspace) {
            TRY_STATUS(database_.run("UPDATE image SET workspace = 1, created = ? WHERE number = ?",
                                     to_microseconds(now_), found->number));
        }
        if (!metadata.empty()) {
            TRY_STATUS(database_.run("UPDATE image SET metadata = ? WHERE number = ?",
                                     metadata_text(metadata), found->number));
            taken.changed |= group_of(metadata) != found->group;
        }
        for (auto const& row : rows) {
            TRY_STATUS(database_.run("INSERT OR IGNORE INTO image_tag VALUES(?, ?, ?)", found->number,
                                     row.number, to_microseconds(now_)));
            taken.changed |= database_.changes() > 0;
        }
        taken.id = found->id;
        return taken;
    }

    Status count_what_there_is() {
        TRY(auto const count,
            database_.count("SELECT COUNT(*) FROM image WHERE project = ? AND workspace = 1", project_));
        images_ = static_cast<std::size_t>(count);
        return {};
    }

  private:
    struct Row {
        std::int64_t number = 0;
        Guid id;
        bool workspace = true;
        std::string group;
    };

    Result<std::optional<Row>> find(StoredPicture const& picture) {
        TRY(auto row,
            database_.query("SELECT number, id, workspace, metadata FROM image WHERE project = ? AND "
                            "original = ?",
                            project_, picture.original));
        TRY(auto const there, row.step());
        if (!there) return std::optional<Row>();
        auto const id = Guid::parse(row.text(1));
        if (!id) return fail(Code::DataLoss, "vision.db: '{}' is no id", row.text(1));
        Row image{row.integer(0), *id, row.integer(2) != 0, ""};
        if (!row.is_null(3)) {
            TRY(auto const metadata, parse_metadata(row.text(3)));
            image.group = group_of(metadata);
        }
        return std::optional(std::move(image));
    }

    Result<std::vector<TagRow>> with_tags_of(std::optional<Row> const& image, std::vector<TagRow> tags) {
        if (image) {
            TRY(auto row, database_.query("SELECT t.number, t.type FROM image_tag i JOIN tag t ON t.number = "
                                          "i.tag WHERE i.image = ?",
                                          image->number));
            for (;;) {
                TRY(auto const more, row.step());
                if (!more) break;
                tags.push_back({row.integer(0), row.integer(1) == 1 ? TagType::Negative : TagType::Regular});
            }
        }
        std::ranges::sort(tags, {}, &TagRow::number);
        auto const rest = std::ranges::unique(tags, {}, &TagRow::number);
        tags.erase(rest.begin(), rest.end());
        return tags;
    }

    [[nodiscard]] std::optional<UploadStatus> fault_of(std::vector<TagRow> const& tags) const {
        bool const negative =
            std::ranges::any_of(tags, [](TagRow const& tag) { return tag.type == TagType::Negative; });
        if (negative && tags.size() > 1) return UploadStatus::ErrorNegativeAndRegularTagOnSameImage;
        if (tags.size() > (multilabel_ ? kTagsOfImageMax : 1)) return UploadStatus::ErrorTagLimitExceed;
        return std::nullopt;
    }

    Result<Row> insert(StoredPicture const& picture) {
        for (auto const* const digest : {&picture.original, &picture.resized, &picture.thumbnail})
            if (!blobs_.find(*digest))
                return fail(Code::Aborted, "the picture's file went away while it came in: send it again");
        auto const id = Guid::random();
        TRY_STATUS(database_.run(
            "INSERT INTO image(id, project, workspace, width_px, height_px, format, original, resized, "
            "thumbnail, created) VALUES(?, ?, 1, ?, ?, ?, ?, ?, ?, ?)",
            id.text(), project_, picture.width_px, picture.height_px, picture.format, picture.original,
            picture.resized, picture.thumbnail, to_microseconds(now_)));
        return Row{database_.last_id(), id, true, ""};
    }

    store::Database& database_;
    store::BlobStore const& blobs_;
    std::int64_t project_;
    bool multilabel_;
    Time now_;
    std::size_t images_ = 0;
};

}  // namespace

std::string_view to_string(UploadStatus status) {
    switch (status) {
        case UploadStatus::Ok:
            return "OK";
        case UploadStatus::OkDuplicate:
            return "OKDuplicate";
        case UploadStatus::ErrorSource:
            return "ErrorSource";
        case UploadStatus::ErrorImageFormat:
            return "ErrorImageFormat";
        case UploadStatus::ErrorImageSize:
            return "ErrorImageSize";
        case UploadStatus::ErrorImageDimensions:
            return "ErrorImageDimensions";
        case UploadStatus::ErrorLimitExceed:
            return "ErrorLimitExceed";
        case UploadStatus::ErrorTagLimitExceed:
            return "ErrorTagLimitExceed";
        case UploadStatus::ErrorInvalidTag:
            return "ErrorInvalidTag";
        case UploadStatus::ErrorNegativeAndRegularTagOnSameImage:
            break;
    }
    return "ErrorNegativeAndRegularTagOnSameImage";
}

Status check_batch(store::Database& database, Guid const& project, std::size_t images,
                   std::span<Guid const> tags) {
    TRY(auto const number, project_number(database, project));
    if (images > kBatchImagesMax || tags.size() > kBatchTagsMax)
        return fail_as(Code::InvalidArgument, "BadRequestExceededBatchSize",
                       "A batch can have {} images and {} tags; this one has {} and {}", kBatchImagesMax,
                       kBatchTagsMax, images, tags.size());
    for (auto const& tag : tags) {
        TRY(auto const row, find_tag(database, number, tag));
        if (!row)
            return fail_as(Code::InvalidArgument, "BadRequestImageTags", "The project has no tag {}",
                           tag.text());
    }
    return {};
}

Result<std::vector<UploadedImage>> add_images(store::Database& database, store::BlobStore const& blobs,
                                              Guid const& project, std::span<NewImage const> images,
                                              std::span<Guid const> tags, Metadata const& metadata,
                                              Time now) {
    TRY_STATUS(check_batch(database, project, images.size(), tags));
    TRY_STATUS(check_metadata(metadata));
    TRY(auto const settings, get_project(database, project));
    TRY(auto const number, project_number(database, project));
    Upload upload(database, blobs, number, settings.settings.multilabel, now);
    TRY_STATUS(upload.count_what_there_is());
    std::vector<UploadedImage> uploaded;
    bool changed = false;
    for (auto const& image : images) {
        uploaded.push_back({image.source, UploadStatus::Ok, std::nullopt});
        auto& answer = uploaded.back();
        auto const* const picture = std::get_if<StoredPicture>(&image.picture);
        if (picture == nullptr) {
            answer.status = std::get<UploadStatus>(image.picture);
            continue;
        }
        auto wanted = image.tags;
        wanted.insert(wanted.end(), tags.begin(), tags.end());
        TRY(auto const taken, upload.take(*picture, wanted, metadata));
        answer.status = taken.status;
        if (taken.status != UploadStatus::Ok && taken.status != UploadStatus::OkDuplicate) continue;
        changed |= taken.changed;
        TRY(auto found, get_images(database, project, std::span(&taken.id, 1), std::nullopt));
        if (!found.empty()) answer.image = std::move(found.front());
    }
    if (changed) TRY_STATUS(touch_project(database, number, now));
    return uploaded;
}

}  // namespace ounce::project
