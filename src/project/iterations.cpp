#include "project/iterations.hpp"

#include <algorithm>

#include "project/blobs.hpp"
#include "project/names.hpp"
#include "project/projects.hpp"

namespace ounce::project {
namespace {

constexpr std::string_view kSelect =
    "SELECT i.id, p.id, i.name, i.status, i.created, i.modified, i.trained, i.domain, i.multilabel, "
    "i.advanced, i.budget_hours, i.seconds, i.publish_name, i.publish_target, i.error FROM iteration i JOIN "
    "project p ON p.number = i.project ";

std::optional<std::string> text_or_none(store::Statement const& row, int column) {
    if (row.is_null(column)) return std::nullopt;
    return row.text(column);
}

Result<std::vector<Iteration>> read_all(store::Statement& row) {
    std::vector<Iteration> iterations;
    for (;;) {
        TRY(auto const found, row.step());
        if (!found) return iterations;
        auto const id = Guid::parse(row.text(0));
        auto const project = Guid::parse(row.text(1));
        auto const domain = Guid::parse(row.text(7));
        if (!id || !project || !domain) return fail(Code::DataLoss, "vision.db: '{}' is no id", row.text(0));
        Iteration iteration;
        iteration.id = *id;
        iteration.project = *project;
        iteration.name = row.text(2);
        iteration.status = row.integer(3) == 0   ? IterationStatus::Training
                           : row.integer(3) == 1 ? IterationStatus::Completed
                                                 : IterationStatus::Failed;
        iteration.created = from_microseconds(row.integer(4));
        iteration.modified = from_microseconds(row.integer(5));
        if (!row.is_null(6)) iteration.trained = from_microseconds(row.integer(6));
        iteration.domain = *domain;
        iteration.multilabel = row.integer(8) != 0;
        iteration.advanced = row.integer(9) != 0;
        iteration.budget_hours = static_cast<int>(row.integer(10));
        iteration.seconds = row.number(11);
        iteration.publish_name = text_or_none(row, 12);
        iteration.publish_target = text_or_none(row, 13);
        iteration.error = text_or_none(row, 14);
        iterations.push_back(std::move(iteration));
    }
}

struct Found {
    std::int64_t project = 0;
    std::int64_t number = 0;
    Iteration iteration;
};

Result<Found> find(store::Database& database, Guid const& project, Guid const& id) {
    Found found;
    TRY(found.project, project_number(database, project));
    TRY(found.number, iteration_number(database, found.project, id));
    TRY(auto row, database.query(std::string(kSelect) + "WHERE i.number = ?", found.number));
    TRY(auto all, read_all(row));
    found.iteration = std::move(all.front());
    return found;
}

Status check_trained(Iteration const& iteration) {
    if (iteration.status == IterationStatus::Completed) return {};
    return fail_as(Code::FailedPrecondition, "BadRequestIterationIsNotTrained", "{}",
                   iteration.status == IterationStatus::Training
                       ? "The iteration is still training: wait until its status is Completed"
                       : "The training of this iteration failed: train again");
}

}  // namespace

Result<std::int64_t> iteration_number(store::Database& database, std::int64_t project, Guid const& id) {
    TRY(auto row,
        database.query("SELECT number FROM iteration WHERE id = ? AND project = ?", id.text(), project));
    TRY(auto const found, row.step());
    if (!found) return fail_as(Code::NotFound, "NotFoundIteration", "Invalid iteration");
    return row.integer(0);
}

Result<std::vector<Iteration>> list_iterations(store::Database& database, Guid const& project) {
    TRY(auto const number, project_number(database, project));
    TRY(auto row,
        database.query(std::string(kSelect) + "WHERE i.project = ? ORDER BY i.number DESC", number));
    return read_all(row);
}

Result<Iteration> get_iteration(store::Database& database, Guid const& project, Guid const& id) {
    TRY(auto found, find(database, project, id));
    return std::move(found.iteration);
}

Result<Iteration> default_iteration(store::Database& database, Guid const& project) {
    TRY(auto const number, project_number(database, project));
    TRY(auto row, database.query(std::string(kSelect) +
                                     "WHERE i.project = ? AND i.status = 1 ORDER BY i.trained DESC LIMIT 1",
                                 number));
    TRY(auto all, read_all(row));
    if (all.empty())
        return fail_as(Code::NotFound, "NotFoundProjectDefaultIteration",
                       "The project has no trained iteration yet");
    return std::move(all.front());
}

Result<Iteration> rename_iteration(store::Database& database, Guid const& project, Guid const& id,
                                   std::string name, Time now) {
    TRY(auto const found, find(database, project, id));
    if (!is_name(name))
        return fail_as(Code::InvalidArgument, "BadRequestIterationName",
                       "The name of an iteration must be 1 to {} bytes without control characters or spaces "
                       "around it",
                       kNameBytesMax);
    TRY(auto const same,
        database.count("SELECT COUNT(*) FROM iteration WHERE project = ? AND name = ? AND number <> ?",
                       found.project, name, found.number));
    if (same > 0)
        return fail_as(Code::AlreadyExists, "BadRequestIterationNameNotUnique",
                       "The project has an iteration '{}' already", name);
    TRY_STATUS(database.run("UPDATE iteration SET name = ?, modified = ? WHERE number = ?", name,
                            to_microseconds(now), found.number));
    return get_iteration(database, project, id);
}

Status delete_iteration(store::Database& database, Guid const& project, Guid const& id) {
    TRY(auto const found, find(database, project, id));
    if (found.iteration.publish_name)
        return fail_as(Code::FailedPrecondition, "BadRequestIterationIsPublished",
                       "Iteration is still published as: {}", *found.iteration.publish_name);
    TRY_STATUS(doom_blobs_of_iterations(database, "number = ?", found.number));
    TRY_STATUS(database.run("DELETE FROM iteration WHERE number = ?", found.number));
    constexpr std::string_view kHeldByNone =
        "project = ? AND workspace = 0 AND NOT EXISTS(SELECT 1 FROM iteration_image f WHERE f.image = "
        "image.number)";
    TRY_STATUS(doom_blobs_of_images(database, kHeldByNone, found.project));
    return database.run("DELETE FROM image WHERE " + std::string(kHeldByNone), found.project);
}

Result<Iteration> publish_iteration(store::Database& database, Guid const& project, Guid const& id,
                                    std::string name, std::string target, bool overwrite, Time now) {
    TRY(auto const found, find(database, project, id));
    TRY_STATUS(check_trained(found.iteration));
    if (!is_name(name))
        return fail_as(Code::InvalidArgument, "BadRequestInvalidPublishName",
                       "A published name must be 1 to {} bytes without control characters or spaces around "
                       "it",
                       kNameBytesMax);
    if (target.empty() || !is_description(target))
        return fail_as(Code::InvalidArgument, "BadRequestInvalidPublishTarget",
                       "predictionId must be a text of 1 to {} bytes", kTextBytesMax);
    if (found.iteration.publish_name)
        return fail_as(Code::FailedPrecondition, "BadRequestIterationIsPublished",
                       "Iteration is already published as: {}", *found.iteration.publish_name);
    TRY(auto const taken,
        database.count("SELECT COUNT(*) FROM iteration WHERE project = ? AND publish_name = ?", found.project,
                       name));
    if (taken > 0 && !overwrite)
        return fail_as(Code::AlreadyExists, "BadRequestInvalidPublishName",
                       "Another iteration is published as '{}': unpublish it, or publish with overwrite",
                       name);
    if (taken > 0)
        TRY_STATUS(
            database.run("UPDATE iteration SET publish_name = NULL, publish_target = NULL, modified = ? "
                         "WHERE project = ? AND publish_name = ?",
                         to_microseconds(now), found.project, name));
    TRY_STATUS(database.run(
        "UPDATE iteration SET publish_name = ?, publish_target = ?, modified = ? WHERE number = ?", name,
        target, to_microseconds(now), found.number));
    return get_iteration(database, project, id);
}

Status unpublish_iteration(store::Database& database, Guid const& project, Guid const& id, Time now) {
    TRY(auto const found, find(database, project, id));
    if (!found.iteration.publish_name)
        return fail_as(Code::FailedPrecondition, "BadRequestIterationNotPublished",
                       "The iteration is not published");
    return database.run(
        "UPDATE iteration SET publish_name = NULL, publish_target = NULL, modified = ? "
        "WHERE number = ?",
        to_microseconds(now), found.number);
}

Result<std::vector<Publication>> list_publications(store::Database& database) {
    TRY(auto row, database.query("SELECT p.id, i.publish_name, i.id FROM iteration i JOIN project p ON "
                                 "p.number = i.project WHERE i.publish_name IS NOT NULL"));
    std::vector<Publication> all;
    for (;;) {
        TRY(auto const found, row.step());
        if (!found) return all;
        auto const project = Guid::parse(row.text(0));
        auto const iteration = Guid::parse(row.text(2));
        if (!project || !iteration) return fail(Code::DataLoss, "vision.db: '{}' is no id", row.text(0));
        all.push_back({*project, row.text(1), *iteration});
    }
}

Result<IterationModel> get_iteration_model(store::Database& database, Guid const& project, Guid const& id) {
    TRY(auto const found, find(database, project, id));
    TRY_STATUS(check_trained(found.iteration));
    IterationModel model{id, project, "", {}, found.iteration.multilabel, found.iteration.domain};
    TRY(auto row, database.query("SELECT package FROM iteration WHERE number = ?", found.number));
    TRY(auto const there, row.step());
    if (!there || row.is_null(0)) return fail(Code::DataLoss, "vision.db: the iteration has no package");
    model.package = row.text(0);
    TRY(model.tags, list_tags(database, project, id));
    return model;
}

Result<std::vector<Export>> list_exports(store::Database& database, Guid const& project, Guid const& id) {
    TRY(auto const found, find(database, project, id));
    TRY(auto row, database.query("SELECT platform, flavor, blob FROM export WHERE iteration = ? ORDER BY "
                                 "created, platform, flavor",
                                 found.number));
    std::vector<Export> all;
    for (;;) {
        TRY(auto const more, row.step());
        if (!more) return all;
        all.push_back({row.text(0), row.text(1), row.text(2)});
    }
}

Result<Export> add_export(store::Database& database, Guid const& project, Guid const& id, Export const& made,
                          Time now) {
    TRY(auto const found, find(database, project, id));
    TRY_STATUS(database.run("INSERT OR IGNORE INTO export VALUES(?, ?, ?, ?, ?)", found.number, made.platform,
                            made.flavor, made.blob, to_microseconds(now)));
    if (database.changes() > 0) return made;
    TRY_STATUS(doom_blob(database, made.blob));
    TRY(auto row,
        database.query("SELECT blob FROM export WHERE iteration = ? AND platform = ? AND flavor = ?",
                       found.number, made.platform, made.flavor));
    TRY([[maybe_unused]] auto const there, row.step());
    return Export{made.platform, made.flavor, row.text(0)};
}

}  // namespace ounce::project
