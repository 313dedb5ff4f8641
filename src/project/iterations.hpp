#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "project/guid.hpp"
#include "project/iteration_rows.hpp"
#include "project/tags.hpp"
#include "store/database.hpp"

namespace ounce::project {

/// Iterations: what a project learnt each time it was trained (custom-vision-api.md sections 4.5 and 4.7).
/// For threads and errors see projects.hpp.

inline constexpr std::size_t kIterationsMax = 500;  // of a project, at one time
inline constexpr std::size_t kImagesPerTagMin = 5;
inline constexpr std::size_t kTagsToTrainMin = 2;
inline constexpr int kBudgetHoursMax = 24 * 7;

enum class IterationStatus {
    Training,  // waiting or running
    Completed,
    Failed,
};

struct Iteration {
    Guid id;
    Guid project;
    std::string name;
    IterationStatus status = IterationStatus::Training;
    Time created;
    Time modified;
    std::optional<Time> trained;
    Guid domain;
    bool multilabel = false;
    bool advanced = false;
    int budget_hours = 0;
    double seconds = 0;  // that training took
    std::optional<std::string> publish_name;
    std::optional<std::string> publish_target;
    std::optional<std::string> error;
};

struct TrainingRequest {
    bool advanced = false;  // look further, for up to `budget_hours`
    int budget_hours = 0;
    bool force = false;                    // though nothing changed
    std::vector<Guid> selected_tags = {};  // learn these alone; empty: all
};

/// Freezes the data set and queues its training.
/// Errors: NotFoundProject; BadRequestTrainingAlreadyInProgress; BadRequestTrainingNotNeeded;
/// BadRequestImageTags for an unknown selected tag; the three ...TrainingValidationFailed for too few tags or
/// images; BadRequestReservedBudgetInHoursNotEnoughForAdvancedTraining;
/// BadRequestExceedIterationPerProjectLimit.
Result<Iteration> begin_training(store::Database& database, Guid const& project,
                                 TrainingRequest const& request, Time now);

/// Newest first. Errors: NotFoundProject.
Result<std::vector<Iteration>> list_iterations(store::Database& database, Guid const& project);

/// Errors: NotFoundProject, NotFoundIteration.
Result<Iteration> get_iteration(store::Database& database, Guid const& project, Guid const& id);

/// The one whose training was completed last. Errors: NotFoundProject, NotFoundProjectDefaultIteration.
Result<Iteration> default_iteration(store::Database& database, Guid const& project);

/// Errors: as get_iteration; BadRequestIterationName, BadRequestIterationNameNotUnique.
Result<Iteration> rename_iteration(store::Database& database, Guid const& project, Guid const& id,
                                   std::string name, Time now);

/// With its model and the images that only it still held. Errors: as get_iteration;
/// BadRequestIterationIsPublished.
Status delete_iteration(store::Database& database, Guid const& project, Guid const& id);

/// Gives the iteration a name by which it answers predictions; `target` is kept and shown.
/// Errors: as get_iteration; BadRequestIterationIsNotTrained; BadRequestIterationIsPublished if it has a name
/// (another, or this); BadRequestInvalidPublishName if the name is another's and not to be taken over, or no
/// name; BadRequestInvalidPublishTarget.
Result<Iteration> publish_iteration(store::Database& database, Guid const& project, Guid const& id,
                                    std::string name, std::string target, bool overwrite, Time now);

/// Errors: as get_iteration; BadRequestIterationNotPublished.
Status unpublish_iteration(store::Database& database, Guid const& project, Guid const& id, Time now);

/// A published name and what answers to it.
struct Publication {
    Guid project;
    std::string name;
    Guid iteration;
};
Result<std::vector<Publication>> list_publications(store::Database& database);

/// What is needed to answer with a trained iteration.
struct IterationModel {
    Guid iteration;
    Guid project;
    std::string package;    // digest of the .zip
    std::vector<Tag> tags;  // by place; their names are the package's
    bool multilabel = false;
    Guid domain;
};
/// Errors: as get_iteration; BadRequestIterationIsNotTrained.
Result<IterationModel> get_iteration_model(store::Database& database, Guid const& project, Guid const& id);

/// An export that was made.
struct Export {
    std::string platform;
    std::string flavor;  // empty: none
    std::string blob;    // digest of the .zip
};
Result<std::vector<Export>> list_exports(store::Database& database, Guid const& project, Guid const& id);
/// Notes a new one; if there is one of that platform and flavour, that one stays and is returned.
Result<Export> add_export(store::Database& database, Guid const& project, Guid const& id, Export const& made,
                          Time now);

}  // namespace ounce::project
