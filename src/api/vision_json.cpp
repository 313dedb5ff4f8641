#include "api/vision_json.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "crypto/signed_url.hpp"

namespace ounce::api {
namespace {

using project::Guid;

constexpr auto kLinksLast = std::chrono::hours(24);

OrderedJson text_or_null(std::optional<std::string> const& text) {
    return text ? OrderedJson(*text) : OrderedJson(nullptr);
}

/// As few digits as tell this float from others, not those of the double that it becomes.
double short_number(float value) {
    auto const text = fmt::format("{}", value);
    double number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

std::string_view type_name(project::TagType type) {
    return type == project::TagType::Negative ? "Negative" : "Regular";
}

std::string image_time(Time time) {
    return to_iso8601(time, 7, false);
}

OrderedJson tags_json(std::vector<project::ImageTag> const& tags) {
    auto json = OrderedJson::array();
    for (auto const& tag : tags)
        json.push_back(
            {{"tagId", tag.tag.text()}, {"tagName", tag.name}, {"created", image_time(tag.created)}});
    return json;
}

OrderedJson performance_json(project::Performance const& measured) {
    return {{"precision", measured.precision},
            {"precisionStdDeviation", measured.precision_deviation},
            {"recall", measured.recall},
            {"recallStdDeviation", measured.recall_deviation},
            {"averagePrecision",
             measured.average_precision ? OrderedJson(*measured.average_precision) : OrderedJson(nullptr)}};
}

std::string_view status_name(project::IterationStatus status) {
    switch (status) {
        case project::IterationStatus::Training:
            return "Training";
        case project::IterationStatus::Completed:
            return "Completed";
        case project::IterationStatus::Failed:
            break;
    }
    return "Failed";
}

}  // namespace

std::string VisionLinks::address(std::string const& path) const {
    return base_ + path + "?" + crypto::sign_url(key_, crypto::UrlAccess::Read, path, now_ + kLinksLast);
}

std::string VisionLinks::image(Guid const& project, char copy, Guid const& image) const {
    return address(fmt::format("/customvision/files/{}/{}-{}", project.text(), copy, image.text()));
}

std::string VisionLinks::exported(Guid const& project, Guid const& iteration,
                                  std::string_view platform) const {
    return address(
        fmt::format("/customvision/exports/{}/{}.{}.zip", project.text(), iteration.digits(), platform));
}

OrderedJson to_json(project::Domain const& domain) {
    OrderedJson json{
        {"id", domain.id.text()},
        {"name", domain.name},
        {"type", domain.type == project::Domain::Type::Classification ? "Classification" : "ObjectDetection"},
        {"exportable", domain.exportable()},
        {"enabled", domain.enabled},
        {"exportablePlatforms", domain.platforms},
        {"modelInformation", nullptr}};
    if (domain.model_megabytes > 0)
        json["modelInformation"] = {{"estimatedModelSizeInMegabytes", domain.model_megabytes},
                                    {"description", ""}};
    return json;
}

OrderedJson to_json(project::Project const& project, VisionLinks const& links) {
    auto const& settings = project.settings;
    OrderedJson const shown{
        {"domainId", settings.domain.text()},
        {"classificationType", settings.multilabel ? "Multilabel" : "Multiclass"},
        {"targetExportPlatforms", settings.platforms},
        {"useNegativeSet", true},
        {"detectionParameters", nullptr},
        {"imageProcessingSettings", {{"augmentationMethods", OrderedJson(settings.augmentation)}}},
        {"exportModelContainerUri", text_or_null(settings.container_uri)},
        {"notificationQueueUri", text_or_null(settings.queue_uri)}};
    return {{"id", project.id.text()},
            {"name", project.name},
            {"description", project.description},
            {"settings", shown},
            {"created", to_iso8601(project.created)},
            {"lastModified", to_iso8601(project.modified)},
            {"thumbnailUri", project.thumbnail ? OrderedJson(links.image(project.id, 't', *project.thumbnail))
                                               : OrderedJson(nullptr)},
            {"drModeEnabled", false},
            {"status", "Succeeded"}};
}

OrderedJson to_json(project::Tag const& tag) {
    return {{"id", tag.id.text()},
            {"name", tag.name},
            {"description", text_or_null(tag.description)},
            {"type", type_name(tag.type)},
            {"imageCount", tag.images}};
}

OrderedJson to_json(project::Image const& image, Guid const& project, VisionLinks const& links) {
    auto const original = links.image(project, 'o', image.id);
    OrderedJson json{{"id", image.id.text()},
                     {"created", image_time(image.created)},
                     {"width", image.width_px},
                     {"height", image.height_px},
                     {"resizedImageUri", image.resized ? links.image(project, 'i', image.id) : original},
                     {"thumbnailUri", links.image(project, 't', image.id)},
                     {"originalImageUri", original}};
    if (!image.tags.empty()) json["tags"] = tags_json(image.tags);
    if (!image.metadata.empty()) json["metadata"] = image.metadata;
    return json;
}

OrderedJson to_json(project::Iteration const& iteration, std::optional<ProgressReport> const& progress) {
    bool const completed = iteration.status == project::IterationStatus::Completed;
    auto const* const domain = project::find_domain(iteration.domain);
    bool const exportable = completed && domain != nullptr && domain->exportable();
    OrderedJson json{{"id", iteration.id.text()},
                     {"name", iteration.name},
                     {"status", status_name(iteration.status)},
                     {"created", to_iso8601(iteration.created)},
                     {"lastModified", to_iso8601(iteration.modified)}};
    // Left out, not null, while there is none: clients tell by its being there.
    if (iteration.trained) json["trainedAt"] = to_iso8601(*iteration.trained);
    json["projectId"] = iteration.project.text();
    json["exportable"] = exportable;
    json["exportableTo"] = exportable ? OrderedJson::array({"ONNX"}) : OrderedJson(nullptr);
    json["domainId"] = completed ? OrderedJson(iteration.domain.text()) : OrderedJson(nullptr);
    json["classificationType"] =
        completed ? OrderedJson(iteration.multilabel ? "Multilabel" : "Multiclass") : OrderedJson(nullptr);
    json["trainingType"] = iteration.advanced ? "Advanced" : "Regular";
    json["reservedBudgetInHours"] = iteration.budget_hours;
    json["trainingTimeInMinutes"] = completed ? static_cast<int>(std::ceil(iteration.seconds / 60)) : 0;
    json["publishName"] = text_or_null(iteration.publish_name);
    json["originalPublishResourceId"] = text_or_null(iteration.publish_target);
    json["customBaseModelInfo"] = nullptr;
    json["trainingErrorDetails"] = text_or_null(iteration.error);
    if (iteration.status == project::IterationStatus::Training) {
        auto const step = progress ? *progress : ProgressReport{"waiting", 0, 0};
        json["ounceProgress"] = {
            {"step", step.step.empty() ? "starting" : step.step}, {"done", step.done}, {"total", step.total}};
    }
    return json;
}

OrderedJson to_json(project::IterationPerformance const& performance, std::span<project::Tag const> tags) {
    auto per_tag = OrderedJson::array();
    for (std::size_t place = 0; place < tags.size(); ++place) {
        OrderedJson json{{"id", tags[place].id.text()}, {"name", tags[place].name}};
        json.update(performance_json(performance.tags.at(place)));
        per_tag.push_back(std::move(json));
    }
    OrderedJson json{{"perTagPerformance", std::move(per_tag)}};
    json.update(performance_json(performance.all));
    return json;
}

OrderedJson to_json(project::ImagePerformance const& image, std::span<project::Tag const> tags,
                    Guid const& project, VisionLinks const& links) {
    std::vector<project::TagProbability> predictions;
    for (std::size_t place = 0; place < std::min(tags.size(), image.probabilities.size()); ++place)
        predictions.push_back({&tags[place], image.probabilities[place]});
    std::ranges::sort(predictions, std::greater<>(), &project::TagProbability::probability);
    auto const& shown = image.image;
    return {{"predictions", to_json(predictions, true)},
            {"id", shown.id.text()},
            {"created", image_time(shown.created)},
            {"width", shown.width_px},
            {"height", shown.height_px},
            {"imageUri", links.image(project, shown.resized ? 'i' : 'o', shown.id)},
            {"thumbnailUri", links.image(project, 't', shown.id)},
            {"tags", tags_json(shown.tags)},
            {"regions", OrderedJson::array()}};
}

OrderedJson to_json(project::Export const& made, Guid const& project, Guid const& iteration,
                    VisionLinks const& links) {
    return {{"platform", made.platform},
            {"status", "Done"},
            {"downloadUri", links.exported(project, iteration, made.platform)},
            {"flavor", made.flavor.empty() ? OrderedJson(nullptr) : OrderedJson(made.flavor)},
            {"newerVersionAvailable", false}};
}

OrderedJson to_json(std::span<project::TagProbability const> predictions, bool with_type) {
    auto json = OrderedJson::array();
    for (auto const& [tag, probability] : predictions) {
        json.push_back(
            {{"probability", short_number(probability)}, {"tagId", tag->id.text()}, {"tagName", tag->name}});
        if (with_type) json.back()["tagType"] = type_name(tag->type);
    }
    return json;
}

}  // namespace ounce::api
