// What may be trained, and how its data set is frozen.
#include <fmt/ranges.h>

#include <algorithm>

#include "base/json.hpp"
#include "project/iterations.hpp"
#include "project/projects.hpp"

namespace ounce::project {
namespace {

constexpr std::size_t kTagsNamedMax = 10;  // in one message

/// Besides the data: two requests that differ here differ.
std::string settings_text(TrainingRequest const& request) {
    std::vector<std::string> tags;
    for (auto const& tag : request.selected_tags) tags.push_back(tag.text());
    std::ranges::sort(tags);
    return dump_json(Json{{"advanced", request.advanced},
                          {"budget_hours", request.advanced ? request.budget_hours : 0},
                          {"tags", tags}});
}

Result<std::vector<Tag>> chosen_tags(store::Database& database, Guid const& project,
                                     TrainingRequest const& request) {
    TRY(auto const all, list_tags(database, project));
    if (request.selected_tags.empty()) return all;
    for (auto const& wanted : request.selected_tags)
        if (std::ranges::find(all, wanted, &Tag::id) == all.end())
            return fail_as(Code::InvalidArgument, "BadRequestImageTags", "The project has no tag {}",
                           wanted.text());
    std::vector<Tag> chosen;
    for (auto const& tag : all)
        if (std::ranges::find(request.selected_tags, tag.id) != request.selected_tags.end())
            chosen.push_back(tag);
    return chosen;
}

Status check_data(std::vector<Tag> const& tags, bool multilabel) {
    auto const regular =
        std::ranges::count_if(tags, [](Tag const& tag) { return tag.type == TagType::Regular; });
    if (tags.size() < kTagsToTrainMin || regular == 0)
        return fail_as(Code::FailedPrecondition, "BadRequestClassificationTrainingValidationFailed",
                       "Not enough tags for training: {} are needed, one of them not negative, and {} images "
                       "for each",
                       kTagsToTrainMin, kImagesPerTagMin);
    std::vector<std::string> short_of_images;
    for (auto const& tag : tags)
        if (tag.images < kImagesPerTagMin)
            short_of_images.push_back(fmt::format("'{}' has {}", tag.name, tag.images));
    if (short_of_images.empty()) return {};
    auto const named = std::min(short_of_images.size(), kTagsNamedMax);
    auto const more = short_of_images.size() - named;
    short_of_images.resize(named);
    return fail_as(Code::FailedPrecondition,
                   multilabel ? "BadRequestMultiLabelClassificationTrainingValidationFailed"
                              : "BadRequestMultiClassClassificationTrainingValidationFailed",
                   "Not enough images per tag for training, each needs {}: {}{}", kImagesPerTagMin,
                   fmt::join(short_of_images, ", "),
                   more > 0 ? fmt::format(" (and {} more tags)", more) : std::string());
}

Status check_state(store::Database& database, std::int64_t project, TrainingRequest const& request) {
    TRY(auto const running,
        database.count("SELECT COUNT(*) FROM iteration WHERE project = ? AND status = 0", project));
    if (running > 0)
        return fail_as(Code::FailedPrecondition, "BadRequestTrainingAlreadyInProgress",
                       "The project is being trained already: wait for that iteration");
    TRY(auto const iterations, database.count("SELECT COUNT(*) FROM iteration WHERE project = ?", project));
    if (static_cast<std::size_t>(iterations) >= kIterationsMax)
        return fail_as(Code::ResourceExhausted, "BadRequestExceedIterationPerProjectLimit",
                       "A project can have {} iterations: delete some", kIterationsMax);
    if (request.force) return {};
    TRY(auto row, database.query("SELECT i.revision = p.revision AND i.settings = ? FROM iteration i JOIN "
                                 "project p ON p.number = i.project WHERE i.project = ? AND i.status = 1 "
                                 "ORDER BY i.number DESC LIMIT 1",
                                 settings_text(request), project));
    TRY(auto const trained, row.step());
    if (trained && row.integer(0) != 0)
        return fail_as(Code::FailedPrecondition, "BadRequestTrainingNotNeeded",
                       "Nothing changed since last training");
    return {};
}

/// The tags, the images and which has which, as they are now.
Status freeze(store::Database& database, std::int64_t project, std::int64_t iteration,
              std::vector<Tag> const& tags) {
    for (std::size_t place = 0; place < tags.size(); ++place) {
        auto const& tag = tags[place];
        TRY_STATUS(database.run("INSERT INTO iteration_tag VALUES(?, ?, ?, ?, ?, ?, ?)", iteration, place,
                                tag.id.text(), tag.name,
                                tag.description ? store::Value(*tag.description) : store::Value(),
                                static_cast<int>(tag.type), tag.images));
    }
    TRY_STATUS(
        database.run("INSERT INTO iteration_image(iteration, image) SELECT ?, number FROM image WHERE "
                     "project = ? AND workspace = 1",
                     iteration, project));
    return database.run(
        "INSERT INTO iteration_label SELECT t.iteration, l.image, t.place, l.created FROM iteration_tag t "
        "JOIN tag g ON g.id = t.tag JOIN image_tag l ON l.tag = g.number WHERE t.iteration = ?",
        iteration);
}

}  // namespace

Result<Iteration> begin_training(store::Database& database, Guid const& project,
                                 TrainingRequest const& request, Time now) {
    TRY(auto const settings, get_project(database, project));
    TRY(auto const number, project_number(database, project));
    if (request.budget_hours < 0 || request.budget_hours > kBudgetHoursMax ||
        (request.advanced && request.budget_hours == 0))
        return fail_as(Code::InvalidArgument, "BadRequestReservedBudgetInHoursNotEnoughForAdvancedTraining",
                       "reservedBudgetInHours must be 1 to {} for an advanced training", kBudgetHoursMax);
    TRY_STATUS(check_state(database, number, request));
    TRY(auto const tags, chosen_tags(database, project, request));
    TRY_STATUS(check_data(tags, settings.settings.multilabel));
    auto const id = Guid::random();
    TRY_STATUS(database.run("UPDATE project SET iterations = iterations + 1, modified = ? WHERE number = ?",
                            to_microseconds(now), number));
    TRY_STATUS(database.run(
        "INSERT INTO iteration(id, project, name, revision, settings, advanced, budget_hours, domain, "
        "multilabel, created, modified) SELECT ?, number, 'Iteration ' || iterations, revision, ?, ?, ?, "
        "domain, multilabel, ?, ? FROM project WHERE number = ?",
        id.text(), settings_text(request), request.advanced ? 1 : 0, request.budget_hours,
        to_microseconds(now), to_microseconds(now), number));
    TRY_STATUS(freeze(database, number, database.last_id(), tags));
    return get_iteration(database, project, id);
}

}  // namespace ounce::project
