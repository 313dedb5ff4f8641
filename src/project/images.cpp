#include "project/images.hpp"

#include <algorithm>

#include "project/blobs.hpp"
#include "project/iteration_rows.hpp"
#include "project/metadata.hpp"
#include "project/projects.hpp"
#include "project/tags.hpp"

namespace ounce::project {
namespace {

constexpr std::string_view kColumns =
    "i.number, i.id, i.created, i.width_px, i.height_px, i.resized <> i.original, i.metadata ";

/// "?, ?, ?"
std::string places(std::size_t count) {
    std::string text;
    for (std::size_t k = 0; k < count; ++k) text += k == 0 ? "?" : ", ?";
    return text;
}

/// A condition on images i, and its values.
struct Condition {
    std::string from;
    std::vector<store::Value> values;
};

/// In the workspace tags are rows of their own; in an iteration they are the labels that were frozen.
Condition condition_of(std::int64_t project, std::optional<std::int64_t> iteration, ImageQuery const& query) {
    Condition made;
    std::string labels;
    if (iteration) {
        made.from = "FROM iteration_image f JOIN image i ON i.number = f.image WHERE f.iteration = ?";
        made.values.emplace_back(*iteration);
        labels =
            "SELECT 1 FROM iteration_label l JOIN iteration_tag t ON t.iteration = l.iteration AND t.place = "
            "l.place WHERE l.iteration = f.iteration AND l.image = i.number";
    } else {
        made.from = "FROM image i WHERE i.project = ? AND i.workspace = 1";
        made.values.emplace_back(project);
        labels = "SELECT 1 FROM image_tag l JOIN tag t ON t.number = l.tag WHERE l.image = i.number";
    }
    if (iteration && query.measured) made.from += " AND f.fold IS NOT NULL";
    if (query.tagging == Tagging::Tagged) made.from += " AND EXISTS(" + labels + ")";
    if (query.tagging == Tagging::Untagged) made.from += " AND NOT EXISTS(" + labels + ")";
    if (!query.tags.empty()) {
        made.from += " AND EXISTS(" + labels + (iteration ? " AND t.tag IN (" : " AND t.id IN (") +
                     places(query.tags.size()) + "))";
        for (auto const& tag : query.tags) made.values.emplace_back(tag.text());
    }
    return made;
}

struct Numbered {
    std::int64_t number = 0;
    Image image;
};

Result<std::vector<Numbered>> read_all(store::Statement& row) {
    std::vector<Numbered> images;
    for (;;) {
        TRY(auto const found, row.step());
        if (!found) return images;
        auto const id = Guid::parse(row.text(1));
        if (!id) return fail(Code::DataLoss, "vision.db: '{}' is no id", row.text(1));
        Image image{*id,
                    from_microseconds(row.integer(2)),
                    static_cast<int>(row.integer(3)),
                    static_cast<int>(row.integer(4)),
                    row.integer(5) != 0,
                    {},
                    {}};
        if (!row.is_null(6)) {
            TRY(image.metadata, parse_metadata(row.text(6)));
        }
        images.push_back({row.integer(0), std::move(image)});
    }
}

Status read_tags(store::Database& database, std::optional<std::int64_t> iteration, Numbered& entry) {
    TRY(auto row,
        iteration ? database.query("SELECT t.tag, t.name, l.created FROM iteration_label l JOIN "
                                   "iteration_tag t ON t.iteration = l.iteration AND t.place = l.place "
                                   "WHERE l.iteration = ? AND l.image = ? ORDER BY l.place",
                                   *iteration, entry.number)
                  : database.query("SELECT t.id, t.name, l.created FROM image_tag l JOIN tag t ON t.number = "
                                   "l.tag WHERE l.image = ? ORDER BY l.created, t.number",
                                   entry.number));
    for (;;) {
        TRY(auto const found, row.step());
        if (!found) return {};
        auto const id = Guid::parse(row.text(0));
        if (!id) return fail(Code::DataLoss, "vision.db: '{}' is no id", row.text(0));
        entry.image.tags.push_back({*id, row.text(1), from_microseconds(row.integer(2))});
    }
}

struct Place {
    std::int64_t project = 0;
    std::optional<std::int64_t> iteration;
};

Result<Place> place_of(store::Database& database, Guid const& project, std::optional<Guid> const& iteration) {
    Place place;
    TRY(place.project, project_number(database, project));
    if (iteration) {
        TRY(place.iteration, iteration_number(database, place.project, *iteration));
    }
    return place;
}

Status check(ImageQuery const& query) {
    if (query.take > kTakeMax || query.tags.size() > kBatchTagsMax)
        return fail_as(Code::InvalidArgument, "BadRequestInvalid",
                       "At most {} images can be taken at once, and {} tags named", kTakeMax, kBatchTagsMax);
    return {};
}

enum class Among { Workspace, All };
Result<std::optional<std::int64_t>> find_image(store::Database& database, std::int64_t project,
                                               Guid const& id, Among among = Among::Workspace) {
    TRY(auto row, database.query("SELECT number FROM image WHERE id = ? AND project = ? AND workspace >= ?",
                                 id.text(), project, among == Among::Workspace ? 1 : 0));
    TRY(auto const found, row.step());
    return found ? std::optional(row.integer(0)) : std::nullopt;
}

/// Out of the workspace; gone altogether if no iteration learnt from it, or none is to keep it.
Status remove_image(store::Database& database, std::int64_t number, bool from_iterations) {
    if (!from_iterations) {
        TRY(auto const held, database.count("SELECT COUNT(*) FROM iteration_image WHERE image = ?", number));
        if (held > 0) {
            TRY_STATUS(database.run("DELETE FROM image_tag WHERE image = ?", number));
            return database.run("UPDATE image SET workspace = 0 WHERE number = ?", number);
        }
    }
    TRY_STATUS(doom_blobs_of_images(database, "number = ?", number));
    return database.run("DELETE FROM image WHERE number = ?", number);
}

}  // namespace

Result<std::vector<Image>> list_images(store::Database& database, Guid const& project,
                                       ImageQuery const& query) {
    TRY_STATUS(check(query));
    TRY(auto const place, place_of(database, project, query.iteration));
    auto condition = condition_of(place.project, place.iteration, query);
    auto const sql = fmt::format("SELECT {} {} ORDER BY i.number {} LIMIT ? OFFSET ?", kColumns,
                                 condition.from, query.oldest_first ? "ASC" : "DESC");
    condition.values.emplace_back(static_cast<std::int64_t>(query.take));
    condition.values.emplace_back(static_cast<std::int64_t>(query.skip));
    TRY(auto row, database.prepare(sql, condition.values));
    TRY(auto entries, read_all(row));
    std::vector<Image> images;
    for (auto& entry : entries) {
        TRY_STATUS(read_tags(database, place.iteration, entry));
        images.push_back(std::move(entry.image));
    }
    return images;
}

Result<std::size_t> count_images(store::Database& database, Guid const& project, ImageQuery const& query) {
    TRY_STATUS(check(query));
    TRY(auto const place, place_of(database, project, query.iteration));
    auto const condition = condition_of(place.project, place.iteration, query);
    TRY(auto row, database.prepare("SELECT COUNT(*) " + condition.from, condition.values));
    TRY_STATUS(row.step().map([](bool) {}));
    return static_cast<std::size_t>(row.integer(0));
}

Result<std::vector<Image>> get_images(store::Database& database, Guid const& project,
                                      std::span<Guid const> ids, std::optional<Guid> const& iteration) {
    if (ids.size() > kImageIdsMax)
        return fail_as(Code::InvalidArgument, "BadRequestExceededBatchSize", "At most {} images can be named",
                       kImageIdsMax);
    TRY(auto const place, place_of(database, project, iteration));
    auto const sql =
        place.iteration
            ? fmt::format(
                  "SELECT {} FROM iteration_image f JOIN image i ON i.number = f.image WHERE "
                  "f.iteration = ? AND i.id = ?",
                  kColumns)
            : fmt::format("SELECT {} FROM image i WHERE i.project = ? AND i.id = ? AND i.workspace = 1",
                          kColumns);
    std::vector<Image> images;
    for (auto const& id : ids) {
        TRY(auto row, database.query(sql, place.iteration.value_or(place.project), id.text()));
        TRY(auto entries, read_all(row));
        for (auto& entry : entries) {
            TRY_STATUS(read_tags(database, place.iteration, entry));
            images.push_back(std::move(entry.image));
        }
    }
    return images;
}

Result<ImageFile> find_image_file(store::Database& database, Guid const& project, Guid const& image,
                                  ImageCopy copy) {
    TRY(auto row, database.query("SELECT i.original, i.resized, i.thumbnail, i.format FROM image i JOIN "
                                 "project p ON p.number = i.project WHERE p.id = ? AND i.id = ?",
                                 project.text(), image.text()));
    TRY(auto const found, row.step());
    if (!found) return fail_as(Code::NotFound, "NotFoundImage", "There is no image {}", image.text());
    auto const digest = row.text(copy == ImageCopy::Original ? 0 : copy == ImageCopy::Resized ? 1 : 2);
    bool const as_sent = digest == row.text(0);
    return ImageFile{digest, "image/" + (as_sent ? row.text(3) : std::string("jpeg"))};
}

Status delete_images(store::Database& database, Guid const& project,
                     std::optional<std::vector<Guid>> const& ids, bool from_iterations, Time now) {
    if (ids && ids->size() > kImageIdsMax)
        return fail_as(Code::InvalidArgument, "BadRequestExceededBatchSize", "At most {} images can be named",
                       kImageIdsMax);
    TRY(auto const number, project_number(database, project));
    std::vector<std::int64_t> images;
    if (ids) {
        for (auto const& id : *ids) {
            TRY(auto const image,
                find_image(database, number, id, from_iterations ? Among::All : Among::Workspace));
            if (image) images.push_back(*image);
        }
    } else {
        TRY(auto row, database.query("SELECT number FROM image WHERE project = ?", number));
        for (;;) {
            TRY(auto const more, row.step());
            if (!more) break;
            images.push_back(row.integer(0));
        }
    }
    for (auto const image : images) TRY_STATUS(remove_image(database, image, from_iterations));
    return images.empty() ? Status() : touch_project(database, number, now);
}

Result<TaggingResult> tag_images(store::Database& database, Guid const& project,
                                 std::span<ImageTagPair const> pairs, Time now) {
    if (pairs.size() > kImageTagsMax)
        return fail_as(Code::InvalidArgument, "BadRequestExceededBatchSize",
                       "At most {} images can be tagged at once", kImageTagsMax);
    TRY(auto const settings, get_project(database, project));
    TRY(auto const number, project_number(database, project));
    auto const tags_max = static_cast<std::int64_t>(settings.settings.multilabel ? kTagsOfImageMax : 1);
    TaggingResult result;
    for (auto const& pair : pairs) {
        TRY(auto const image, find_image(database, number, pair.image));
        if (!image)
            return fail_as(Code::NotFound, "NotFoundImage", "There is no image {}", pair.image.text());
        TRY(auto const tag, find_tag(database, number, pair.tag));
        if (!tag) return fail_as(Code::NotFound, "NotFoundTag", "There is no tag {}", pair.tag.text());
        TRY(auto const there, database.count("SELECT COUNT(*) FROM image_tag WHERE image = ? AND tag = ?",
                                             *image, tag->number));
        if (there > 0) {
            result.duplicated.push_back(pair);
            continue;
        }
        TRY(auto const unlike,
            database.count("SELECT COUNT(*) FROM image_tag i JOIN tag t ON t.number = i.tag WHERE i.image = "
                           "? AND (t.type = 1 OR ? = 1)",
                           *image, tag->type == TagType::Negative ? 1 : 0));
        TRY(auto const count, database.count("SELECT COUNT(*) FROM image_tag WHERE image = ?", *image));
        if (unlike > 0)
            return fail_as(Code::FailedPrecondition, "BadRequestNegativeAndRegularTagOnSameImage",
                           "The image {} would have a negative tag beside another", pair.image.text());
        if (count >= tags_max) {
            result.exceeded.push_back(pair);
            continue;
        }
        TRY_STATUS(
            database.run("INSERT INTO image_tag VALUES(?, ?, ?)", *image, tag->number, to_microseconds(now)));
        result.created.push_back(pair);
    }
    if (!result.created.empty()) TRY_STATUS(touch_project(database, number, now));
    return result;
}

Status untag_images(store::Database& database, Guid const& project, std::span<Guid const> images,
                    std::span<Guid const> tags, Time now) {
    if (images.size() > kBatchImagesMax || tags.size() > kBatchTagsMax)
        return fail_as(Code::InvalidArgument, "BadRequestExceededBatchSize",
                       "At most {} images and {} tags can be named", kBatchImagesMax, kBatchTagsMax);
    TRY(auto const number, project_number(database, project));
    bool changed = false;
    for (auto const& id : images) {
        TRY(auto const image, find_image(database, number, id));
        if (!image) continue;
        for (auto const& tag : tags) {
            TRY(auto const row, find_tag(database, number, tag));
            if (!row) continue;
            TRY_STATUS(
                database.run("DELETE FROM image_tag WHERE image = ? AND tag = ?", *image, row->number));
            changed |= database.changes() > 0;
        }
    }
    return changed ? touch_project(database, number, now) : Status();
}

Result<std::vector<MetadataResult>> set_metadata(store::Database& database, Guid const& project,
                                                 std::span<Guid const> images, Metadata const& metadata,
                                                 Time now) {
    if (images.size() > kBatchImagesMax)
        return fail_as(Code::InvalidArgument, "BadRequestExceededBatchSize", "At most {} images can be named",
                       kBatchImagesMax);
    TRY_STATUS(check_metadata(metadata));
    TRY(auto const number, project_number(database, project));
    std::vector<MetadataResult> results;
    bool changed = false;
    for (auto const& id : images) {
        results.push_back({id, MetadataStatus::Ok, {}});
        auto& result = results.back();
        TRY(auto const image, find_image(database, number, id));
        if (!image) {
            result.status = MetadataStatus::ErrorImageNotFound;
            continue;
        }
        TRY(auto const found, get_images(database, project, std::span(&id, 1), std::nullopt));
        auto merged = found.front().metadata;
        for (auto const& [key, value] : metadata) merged[key] = value;
        if (merged.size() > kMetadataPairsMax) {
            result.status = MetadataStatus::ErrorLimitExceed;
            result.metadata = found.front().metadata;
            continue;
        }
        TRY_STATUS(
            database.run("UPDATE image SET metadata = ? WHERE number = ?", metadata_text(merged), *image));
        changed |= group_of(merged) != group_of(found.front().metadata);
        result.metadata = std::move(merged);
    }
    if (changed) TRY_STATUS(touch_project(database, number, now));
    return results;
}

}  // namespace ounce::project
