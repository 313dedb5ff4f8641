#include "project/tags.hpp"

#include <algorithm>

#include "project/iteration_rows.hpp"
#include "project/names.hpp"
#include "project/projects.hpp"

namespace ounce::project {
namespace {

Status check(Tag const& tag) {
    if (!is_name(tag.name))
        return fail_as(Code::InvalidArgument, "BadRequestTagName",
                       "The name of a tag must be 1 to {} bytes without control characters or spaces around "
                       "it",
                       kNameBytesMax);
    if (tag.description && !is_description(*tag.description))
        return fail_as(Code::InvalidArgument, "BadRequestTagDescription",
                       "The description of a tag must be at most {} bytes of text", kTextBytesMax);
    return {};
}

/// The rules between the tags of a project; `except` is the tag itself, if it is there already.
Status check_among(store::Database& database, std::int64_t project, Tag const& tag) {
    TRY(auto const same_name,
        database.count("SELECT COUNT(*) FROM tag WHERE project = ? AND name = ? AND id <> ?", project,
                       tag.name, tag.id.text()));
    if (same_name > 0)
        return fail_as(Code::AlreadyExists, "BadRequestTagNameNotUnique",
                       "The project has a tag '{}' already", tag.name);
    if (tag.type != TagType::Negative) return {};
    TRY(auto const negatives,
        database.count("SELECT COUNT(*) FROM tag WHERE project = ? AND type = 1 AND id <> ?", project,
                       tag.id.text()));
    if (negatives > 0)
        return fail_as(Code::FailedPrecondition, "BadRequestMultipleNegativeTag",
                       "The project has a negative tag already; there can be one");
    return {};
}

Result<std::vector<Tag>> read_all(store::Statement& row) {
    std::vector<Tag> tags;
    for (;;) {
        TRY(auto const found, row.step());
        if (!found) return tags;
        auto const id = Guid::parse(row.text(0));
        if (!id) return fail(Code::DataLoss, "vision.db: '{}' is no id", row.text(0));
        Tag tag{*id, row.text(1), std::nullopt, row.integer(3) == 1 ? TagType::Negative : TagType::Regular,
                static_cast<std::size_t>(row.integer(4))};
        if (!row.is_null(2)) tag.description = row.text(2);
        tags.push_back(std::move(tag));
    }
}

store::Value value_or_null(std::optional<std::string> const& text) {
    if (!text) return {};
    return *text;
}

tl::unexpected<Error> no_such_tag(Guid const& tag) {
    return fail_as(Code::NotFound, "NotFoundTag", "There is no tag {}", tag.text());
}

}  // namespace

Result<Tag> create_tag(store::Database& database, Guid const& project, std::string name,
                       std::optional<std::string> description, TagType type, Time now) {
    TRY(auto const number, project_number(database, project));
    Tag tag{Guid::random(), std::move(name), std::move(description), type, 0};
    TRY_STATUS(check(tag));
    TRY_STATUS(check_among(database, number, tag));
    TRY(auto const count, database.count("SELECT COUNT(*) FROM tag WHERE project = ?", number));
    if (static_cast<std::size_t>(count) >= kTagsMax)
        return fail_as(Code::ResourceExhausted, "BadRequestExceedTagPerProjectLimit",
                       "A project can have {} tags", kTagsMax);
    TRY_STATUS(database.run("INSERT INTO tag(id, project, name, description, type) VALUES(?, ?, ?, ?, ?)",
                            tag.id.text(), number, tag.name, value_or_null(tag.description),
                            static_cast<int>(type)));
    TRY_STATUS(
        database.run("UPDATE project SET modified = ? WHERE number = ?", to_microseconds(now), number));
    return tag;
}

Result<std::vector<Tag>> list_tags(store::Database& database, Guid const& project,
                                   std::optional<Guid> const& iteration) {
    TRY(auto const number, project_number(database, project));
    if (iteration) {
        TRY(auto const of, iteration_number(database, number, *iteration));
        TRY(auto row, database.query("SELECT tag, name, description, type, images FROM iteration_tag WHERE "
                                     "iteration = ? ORDER BY place",
                                     of));
        return read_all(row);
    }
    TRY(auto row,
        database.query("SELECT id, name, description, type, (SELECT COUNT(*) FROM image_tag t WHERE "
                       "t.tag = tag.number) FROM tag WHERE project = ? ORDER BY number",
                       number));
    return read_all(row);
}

Result<Tag> get_tag(store::Database& database, Guid const& project, Guid const& tag,
                    std::optional<Guid> const& iteration) {
    TRY(auto tags, list_tags(database, project, iteration));
    auto const found = std::ranges::find(tags, tag, &Tag::id);
    if (found == tags.end()) return no_such_tag(tag);
    return std::move(*found);
}

Result<Tag> update_tag(store::Database& database, Guid const& project, Guid const& id,
                       TagChange const& change, Time now) {
    TRY(auto const number, project_number(database, project));
    TRY(auto tag, get_tag(database, project, id));
    bool const learns_otherwise = change.type && *change.type != tag.type;
    if (change.name) tag.name = *change.name;
    if (change.description) tag.description = *change.description;
    if (change.type) tag.type = *change.type;
    TRY_STATUS(check(tag));
    TRY_STATUS(check_among(database, number, tag));
    TRY(auto const row, find_tag(database, number, id));
    if (tag.type == TagType::Negative && learns_otherwise) {
        TRY(auto const beside_others,
            database.count("SELECT COUNT(*) FROM image_tag a JOIN image_tag b ON b.image = a.image AND b.tag "
                           "<> a.tag WHERE a.tag = ?",
                           row->number));
        if (beside_others > 0)
            return fail_as(Code::FailedPrecondition, "BadRequestNegativeAndRegularTagOnSameImage",
                           "Images with this tag have other tags too; a negative tag stands alone");
    }
    TRY_STATUS(database.run("UPDATE tag SET name = ?, description = ?, type = ? WHERE number = ?", tag.name,
                            value_or_null(tag.description), static_cast<int>(tag.type), row->number));
    TRY_STATUS(touch_project(database, number, now));
    return tag;
}

Status delete_tag(store::Database& database, Guid const& project, Guid const& tag, Time now) {
    TRY(auto const number, project_number(database, project));
    TRY(auto const row, find_tag(database, number, tag));
    if (!row) return no_such_tag(tag);
    TRY_STATUS(database.run("DELETE FROM tag WHERE number = ?", row->number));
    return touch_project(database, number, now);
}

Result<std::optional<TagRow>> find_tag(store::Database& database, std::int64_t project, Guid const& tag) {
    TRY(auto row,
        database.query("SELECT number, type FROM tag WHERE id = ? AND project = ?", tag.text(), project));
    TRY(auto const found, row.step());
    if (!found) return std::optional<TagRow>();
    return std::optional(TagRow{row.integer(0), row.integer(1) == 1 ? TagType::Negative : TagType::Regular});
}

}  // namespace ounce::project
