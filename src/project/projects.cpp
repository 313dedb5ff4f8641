#include "project/projects.hpp"

#include <algorithm>

#include "base/json.hpp"
#include "project/blobs.hpp"
#include "project/names.hpp"

namespace ounce::project {
namespace {

constexpr std::size_t kPlatformsMax = 16;
constexpr std::size_t kAugmentationsMax = 64;

constexpr std::string_view kSelect =
    "SELECT id, name, description, domain, multilabel, platforms, augmentation, container_uri, queue_uri, "
    "created, modified, (SELECT i.id FROM image i WHERE i.project = project.number AND i.workspace = 1 "
    "ORDER BY i.number DESC LIMIT 1) FROM project ";

std::optional<std::string> text_or_none(store::Statement const& row, int column) {
    if (row.is_null(column)) return std::nullopt;
    return row.text(column);
}

store::Value value_or_null(std::optional<std::string> const& text) {
    if (!text) return {};
    return *text;
}

Result<Project> read(store::Statement const& row) {
    Project project;
    auto const id = Guid::parse(row.text(0));
    auto const domain = Guid::parse(row.text(3));
    if (!id || !domain) return fail(Code::DataLoss, "vision.db: '{}' is no id", row.text(0));
    project.id = *id;
    project.name = row.text(1);
    project.description = row.text(2);
    project.settings.domain = *domain;
    project.settings.multilabel = row.integer(4) != 0;
    TRY(auto const platforms, parse_json(row.text(5)));
    for (auto const& each : platforms)
        if (each.is_string()) project.settings.platforms.push_back(each.get<std::string>());
    TRY(auto const augmentation, parse_json(row.text(6)));
    for (auto const& [name, on] : augmentation.items())
        if (on.is_boolean()) project.settings.augmentation[name] = on.get<bool>();
    project.settings.container_uri = text_or_none(row, 7);
    project.settings.queue_uri = text_or_none(row, 8);
    project.created = from_microseconds(row.integer(9));
    project.modified = from_microseconds(row.integer(10));
    if (!row.is_null(11)) project.thumbnail = Guid::parse(row.text(11));
    return project;
}

Status check(Project const& project) {
    if (!is_name(project.name))
        return fail_as(Code::InvalidArgument, "BadRequestProjectName",
                       "The name of a project must be 1 to {} bytes without control characters or spaces "
                       "around it",
                       kNameBytesMax);
    if (!is_description(project.description))
        return fail_as(Code::InvalidArgument, "BadRequestProjectDescription",
                       "The description of a project must be at most {} bytes of text", kTextBytesMax);
    auto const& settings = project.settings;
    auto const* const domain = find_domain(settings.domain);
    if (domain == nullptr)
        return fail_as(Code::InvalidArgument, "BadRequestProjectUnknownDomain", "There is no domain {}",
                       settings.domain.text());
    if (!domain->enabled)
        return fail_as(Code::InvalidArgument, "BadRequestUnsupportedDomain",
                       "The domain {} ({}) is not offered here: choose a classification domain", domain->name,
                       domain->id.text());
    if (settings.platforms.size() > kPlatformsMax || settings.augmentation.size() > kAugmentationsMax)
        return fail_as(Code::InvalidArgument, "BadRequestInvalid", "Too many settings");
    for (auto const& platform : settings.platforms)
        if (std::ranges::find(domain->platforms, platform) == domain->platforms.end())
            return fail_as(Code::InvalidArgument, "BadRequestProjectUnsupportedExportPlatform",
                           "The domain {} cannot be exported to {}", domain->name, platform);
    for (auto const& uri : {settings.container_uri, settings.queue_uri})
        if (uri && !is_description(*uri))
            return fail_as(Code::InvalidArgument, "BadRequestInvalidUri", "The address is too long");
    return {};
}

std::string platforms_text(ProjectSettings const& settings) {
    return dump_json(Json(settings.platforms));
}

std::string augmentation_text(ProjectSettings const& settings) {
    return dump_json(Json(settings.augmentation));
}

}  // namespace

Result<Project> create_project(store::Database& database, std::string name, std::string description,
                               ProjectSettings settings, Time now) {
    Project project{Guid::random(), std::move(name), std::move(description), std::move(settings), now, now,
                    std::nullopt};
    TRY_STATUS(check(project));
    TRY(auto const count, database.count("SELECT COUNT(*) FROM project"));
    if (static_cast<std::size_t>(count) >= kProjectsMax)
        return fail_as(Code::ResourceExhausted, "BadRequestExceedProjectLimit",
                       "There are {} projects, the most that this hub keeps: delete some", count);
    auto const& set = project.settings;
    TRY_STATUS(database.run(
        "INSERT INTO project(id, name, description, domain, multilabel, platforms, augmentation, "
        "container_uri, queue_uri, created, modified) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        project.id.text(), project.name, project.description, set.domain.text(), set.multilabel ? 1 : 0,
        platforms_text(set), augmentation_text(set), value_or_null(set.container_uri),
        value_or_null(set.queue_uri), to_microseconds(now), to_microseconds(now)));
    return project;
}

Result<Project> get_project(store::Database& database, Guid const& id) {
    TRY(auto row, database.query(std::string(kSelect) + "WHERE id = ?", id.text()));
    TRY(auto const found, row.step());
    if (!found) return fail_as(Code::NotFound, "NotFoundProject", "There is no project {}", id.text());
    return read(row);
}

Result<std::vector<Project>> list_projects(store::Database& database) {
    TRY(auto row, database.query(std::string(kSelect) + "ORDER BY number DESC"));
    std::vector<Project> projects;
    for (;;) {
        TRY(auto const found, row.step());
        if (!found) return projects;
        TRY(auto project, read(row));
        projects.push_back(std::move(project));
    }
}

Result<Project> update_project(store::Database& database, Guid const& id, ProjectChange const& change,
                               Time now) {
    TRY(auto project, get_project(database, id));
    TRY(auto const number, project_number(database, id));
    auto& settings = project.settings;
    bool const learns_otherwise = (change.domain && *change.domain != settings.domain) ||
                                  (change.multilabel && *change.multilabel != settings.multilabel);
    if (change.domain) {
        auto const* const domain = find_domain(*change.domain);
        if (domain != nullptr && domain->type != Domain::Type::Classification)
            return fail_as(Code::InvalidArgument, "BadRequestProjectUnsupportedDomainTypeChange",
                           "A project for classification cannot become one for object detection");
        settings.domain = *change.domain;
    }
    if (change.multilabel && !*change.multilabel && settings.multilabel) {
        TRY(auto const several,
            database.count("SELECT COUNT(*) FROM (SELECT t.image FROM image_tag t JOIN image i ON i.number = "
                           "t.image WHERE i.project = ? GROUP BY t.image HAVING COUNT(*) > 1)",
                           number));
        if (several > 0)
            return fail_as(Code::FailedPrecondition,
                           "BadRequestMultiClassClassificationTrainingValidationFailed",
                           "{} images have several tags; a Multiclass project allows one each", several);
    }
    if (change.multilabel) settings.multilabel = *change.multilabel;
    if (change.name) project.name = *change.name;
    if (change.description) project.description = *change.description;
    if (change.platforms) settings.platforms = *change.platforms;
    if (change.augmentation) settings.augmentation = *change.augmentation;
    project.modified = now;
    TRY_STATUS(check(project));
    TRY_STATUS(database.run(
        "UPDATE project SET name = ?, description = ?, domain = ?, multilabel = ?, platforms = ?, "
        "augmentation = ?, modified = ?, revision = revision + ? WHERE number = ?",
        project.name, project.description, settings.domain.text(), settings.multilabel ? 1 : 0,
        platforms_text(settings), augmentation_text(settings), to_microseconds(now), learns_otherwise ? 1 : 0,
        number));
    return project;
}

Status delete_project(store::Database& database, Guid const& id) {
    TRY(auto const number, project_number(database, id));
    TRY(auto row, database.query("SELECT publish_name FROM iteration WHERE project = ? AND publish_name IS "
                                 "NOT NULL LIMIT 1",
                                 number));
    TRY(auto const published, row.step());
    if (published)
        return fail_as(Code::FailedPrecondition, "BadRequestIterationIsPublished",
                       "An iteration is still published as: {}", row.text(0));
    TRY_STATUS(doom_blobs_of_images(database, "project = ?", number));
    TRY_STATUS(doom_blobs_of_iterations(database, "project = ?", number));
    // Iterations first: they hold on to images.
    TRY_STATUS(database.run("DELETE FROM iteration WHERE project = ?", number));
    return database.run("DELETE FROM project WHERE number = ?", number);
}

Result<std::int64_t> project_number(store::Database& database, Guid const& id) {
    TRY(auto row, database.query("SELECT number FROM project WHERE id = ?", id.text()));
    TRY(auto const found, row.step());
    if (!found) return fail_as(Code::NotFound, "NotFoundProject", "There is no project {}", id.text());
    return row.integer(0);
}

Status touch_project(store::Database& database, std::int64_t project, Time now) {
    return database.run("UPDATE project SET revision = revision + 1, modified = ? WHERE number = ?",
                        to_microseconds(now), project);
}

}  // namespace ounce::project
