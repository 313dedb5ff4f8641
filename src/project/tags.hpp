#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "project/guid.hpp"
#include "store/database.hpp"

namespace ounce::project {

/// Tags of a project (custom-vision-api.md section 4.3). For threads and errors see projects.hpp.

inline constexpr std::size_t kTagsMax = 500;

enum class TagType {
    Regular,
    Negative,  // none of the others: never beside one on an image, and once in a project
};

struct Tag {
    Guid id;
    std::string name;
    std::optional<std::string> description;
    TagType type = TagType::Regular;
    std::size_t images = 0;  // of the workspace, or of the iteration asked for
};

struct TagChange {
    std::optional<std::string> name;
    std::optional<std::string> description;
    std::optional<TagType> type;
};

/// Errors: NotFoundProject, BadRequestTagName, BadRequestTagDescription, BadRequestTagNameNotUnique,
/// BadRequestMultipleNegativeTag, BadRequestExceedTagPerProjectLimit.
Result<Tag> create_tag(store::Database& database, Guid const& project, std::string name,
                       std::optional<std::string> description, TagType type, Time now);

/// In the order they were made; with `iteration` as they were when it was trained.
/// Errors: NotFoundProject, NotFoundIteration.
Result<std::vector<Tag>> list_tags(store::Database& database, Guid const& project,
                                   std::optional<Guid> const& iteration = std::nullopt);

/// Errors: as list_tags; NotFoundTag.
Result<Tag> get_tag(store::Database& database, Guid const& project, Guid const& tag,
                    std::optional<Guid> const& iteration = std::nullopt);

/// Errors: as create_tag; NotFoundTag; BadRequestNegativeAndRegularTagOnSameImage.
Result<Tag> update_tag(store::Database& database, Guid const& project, Guid const& tag,
                       TagChange const& change, Time now);

/// Takes it off its images, which stay. Errors: NotFoundProject, NotFoundTag.
Status delete_tag(store::Database& database, Guid const& project, Guid const& tag, Time now);

/// What images need to know of a tag.
struct TagRow {
    std::int64_t number = 0;
    TagType type = TagType::Regular;
};

/// None if the project has no such tag.
Result<std::optional<TagRow>> find_tag(store::Database& database, std::int64_t project, Guid const& tag);

}  // namespace ounce::project
