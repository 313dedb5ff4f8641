#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "project/domain.hpp"
#include "project/guid.hpp"
#include "store/database.hpp"

namespace ounce::project {

/// Projects: what pictures, tags and iterations belong to (custom-vision-api.md section 4.2).
///
/// All functions run on the thread of the vision ledger, inside its group commit; so do those of tags.hpp,
/// images.hpp and iterations.hpp. Errors carry the wire's name ("NotFoundProject") as their reason, besides
/// those of store::Database.

inline constexpr std::size_t kProjectsMax = 1000;

struct ProjectSettings {
    Guid domain = domains().front().id;
    bool multilabel = true;
    std::vector<std::string> platforms;
    std::map<std::string, bool> augmentation;  // named as the vendor does; kept, and used by nothing here
    std::optional<std::string> container_uri;
    std::optional<std::string> queue_uri;
};

struct Project {
    Guid id;
    std::string name;
    std::string description;
    ProjectSettings settings;
    Time created;
    Time modified;
    std::optional<Guid> thumbnail;  // the image that shows it: the newest
};

/// What a change names; the rest stays.
struct ProjectChange {
    std::optional<std::string> name;
    std::optional<std::string> description;
    std::optional<Guid> domain;
    std::optional<bool> multilabel;
    std::optional<std::vector<std::string>> platforms;
    std::optional<std::map<std::string, bool>> augmentation;
};

/// Two projects may have one name: quickstarts use the same on every run.
/// Errors: BadRequestProjectName, BadRequestProjectDescription, BadRequestProjectUnknownDomain,
/// BadRequestUnsupportedDomain (boxes are not learnt here), BadRequestProjectUnsupportedExportPlatform,
/// BadRequestExceedProjectLimit.
Result<Project> create_project(store::Database& database, std::string name, std::string description,
                               ProjectSettings settings, Time now);

/// Errors: NotFoundProject.
Result<Project> get_project(store::Database& database, Guid const& id);

/// Newest first.
Result<std::vector<Project>> list_projects(store::Database& database);

/// Errors: as create_project; BadRequestProjectUnsupportedDomainTypeChange;
/// BadRequestMultiClassClassificationTrainingValidationFailed if images with several tags are to become
/// Multiclass.
Result<Project> update_project(store::Database& database, Guid const& id, ProjectChange const& change,
                               Time now);

/// With everything in it; its blobs are doomed (see blobs.hpp).
/// Errors: BadRequestIterationIsPublished while one of its iterations is.
Status delete_project(store::Database& database, Guid const& id);

/// The row of a project, for the other verbs. Errors: NotFoundProject.
Result<std::int64_t> project_number(store::Database& database, Guid const& id);

/// Notes that the data set or what it is learnt with changed.
Status touch_project(store::Database& database, std::int64_t project, Time now);

}  // namespace ounce::project
