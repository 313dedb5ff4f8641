// Domains, projects and tags.
#include "api/vision_handlers.hpp"
#include "api/vision_request.hpp"

namespace ounce::api {
namespace {

using project::Guid;

/// As the original has them for a new project; nothing here reads them.
std::map<std::string, bool> usual_augmentation() {
    return {{"rotation", true}, {"scaling", true},  {"translation", true}, {"horizontal flip", true},
            {"equalize", true}, {"solarize", true}, {"padtosquare", true}};
}

Result<bool> parse_multilabel(std::string_view text) {
    if (net::same_name(text, "Multilabel")) return true;
    if (net::same_name(text, "Multiclass")) return false;
    return fail_as(Code::InvalidArgument, "BadRequestProjectUnknownClassification",
                   "classificationType must be Multiclass or Multilabel");
}

Result<project::TagType> parse_tag_type(std::string_view text) {
    if (net::same_name(text, "Regular")) return project::TagType::Regular;
    if (net::same_name(text, "Negative")) return project::TagType::Negative;
    return fail_as(Code::InvalidArgument, "BadRequestTagType",
                   "The type of a tag must be Regular or Negative");
}

Result<Response> get_domains(VisionContext&, Call&) {
    auto json = OrderedJson::array();
    for (auto const& domain : project::domains()) json.push_back(to_json(domain));
    return json_response(json);
}

Result<Response> get_domain(VisionContext&, Call& call) {
    TRY(auto const id, path_guid(call, "domain"));
    auto const* const domain = project::find_domain(id);
    if (domain == nullptr)
        return fail_as(Code::NotFound, "NotFoundDomain", "There is no domain {}", id.text());
    return json_response(to_json(*domain));
}

Result<Response> get_projects(VisionContext& context, Call& call) {
    TRY(auto const projects, context.vision.ask(project::list_projects));
    auto const links = context.links(call);
    auto json = OrderedJson::array();
    for (auto const& each : projects) json.push_back(to_json(each, links));
    return json_response(json);
}

Result<Response> create_project(VisionContext& context, Call& call) {
    TRY(auto const body, json_body(call));
    project::ProjectSettings settings;
    settings.augmentation = usual_augmentation();
    TRY(auto name, required_text(call, "name"));
    TRY(auto const domain, find_guid(call, "domainId"));
    if (domain) settings.domain = *domain;
    if (auto const type = call.find_query("classificationType"); type && !type->empty()) {
        TRY(settings.multilabel, parse_multilabel(*type));
    }
    auto const platforms = text_list(call, "targetExportPlatforms");
    settings.platforms.assign(platforms.begin(), platforms.end());
    // The two addresses came by the query once, and by the body later.
    TRY(settings.container_uri, text_member(body, "exportModelContainerUri"));
    TRY(settings.queue_uri, text_member(body, "notificationQueueUri"));
    if (auto const uri = call.find_query("exportModelContainerUri")) settings.container_uri = *uri;
    if (auto const uri = call.find_query("notificationQueueUri")) settings.queue_uri = *uri;
    std::string description(call.find_query("description").value_or(""));
    TRY(auto const made, context.vision.ask([&](store::Database& database) {
        return project::create_project(database, std::move(name), std::move(description), std::move(settings),
                                       context.vision.now());
    }));
    return json_response(to_json(made, context.links(call)));
}

Result<Response> get_project(VisionContext& context, Call& call) {
    TRY(auto const id, path_guid(call, "project"));
    TRY(auto const found,
        context.vision.ask([&](store::Database& database) { return project::get_project(database, id); }));
    return json_response(to_json(found, context.links(call)));
}

Result<project::ProjectChange> parse_change(Json const& body) {
    project::ProjectChange change;
    TRY(change.name, text_member(body, "name"));
    TRY(change.description, text_member(body, "description"));
    auto const settings = body.find("settings");
    if (settings == body.end() || settings->is_null()) return change;
    if (!settings->is_object())
        return fail_as(Code::InvalidArgument, "BadRequestInvalid", "'settings' must be an object");
    TRY(auto const domain, text_member(*settings, "domainId"));
    if (domain) {
        change.domain = Guid::parse(*domain);
        if (!change.domain)
            return fail_as(Code::InvalidArgument, "BadRequestInvalidIds", "domainId must be a GUID");
    }
    TRY(auto const type, text_member(*settings, "classificationType"));
    if (type) {
        TRY(change.multilabel, parse_multilabel(*type));
    }
    if (auto const list = settings->find("targetExportPlatforms");
        list != settings->end() && !list->is_null()) {
        TRY(change.platforms, json_member<std::vector<std::string>>(*settings, "targetExportPlatforms"));
    }
    auto const processing = settings->find("imageProcessingSettings");
    if (processing != settings->end() && processing->is_object() &&
        processing->contains("augmentationMethods") && !(*processing)["augmentationMethods"].is_null()) {
        using Methods = std::map<std::string, bool>;
        auto methods = json_member<Methods>(*processing, "augmentationMethods");
        if (!methods)
            return fail_as(Code::InvalidArgument, "BadRequestProjectImagePreprocessingSettings",
                           "augmentationMethods must name methods with true or false");
        change.augmentation = std::move(*methods);
    }
    return change;
}

Result<Response> update_project(VisionContext& context, Call& call) {
    TRY(auto const id, path_guid(call, "project"));
    TRY(auto const body, json_body(call));
    TRY(auto const change, parse_change(body));
    TRY(auto const changed, context.vision.ask([&](store::Database& database) {
        return project::update_project(database, id, change, context.vision.now());
    }));
    return json_response(to_json(changed, context.links(call)));
}

Result<Response> delete_project(VisionContext& context, Call& call) {
    TRY(auto const id, path_guid(call, "project"));
    TRY_STATUS(context.vision.delete_project(id));
    return empty_response(204);
}

Result<Response> get_tags(VisionContext& context, Call& call) {
    TRY(auto const id, path_guid(call, "project"));
    TRY(auto const iteration, find_guid(call, "iterationId"));
    TRY(auto const tags, context.vision.ask([&](store::Database& database) {
        return project::list_tags(database, id, iteration);
    }));
    auto json = OrderedJson::array();
    for (auto const& tag : tags) json.push_back(to_json(tag));
    return json_response(json);
}

Result<Response> create_tag(VisionContext& context, Call& call) {
    TRY(auto const id, path_guid(call, "project"));
    TRY(auto name, required_text(call, "name"));
    TRY(auto const type, parse_tag_type(call.find_query("type").value_or("Regular")));
    std::optional<std::string> description;
    if (auto const text = call.find_query("description")) description = *text;
    TRY(auto const tag, context.vision.ask([&](store::Database& database) {
        return project::create_tag(database, id, std::move(name), std::move(description), type,
                                   context.vision.now());
    }));
    return json_response(to_json(tag));
}

Result<Response> get_tag(VisionContext& context, Call& call) {
    TRY(auto const id, path_guid(call, "project"));
    TRY(auto const tag, path_guid(call, "tag"));
    TRY(auto const iteration, find_guid(call, "iterationId"));
    TRY(auto const found, context.vision.ask([&](store::Database& database) {
        return project::get_tag(database, id, tag, iteration);
    }));
    return json_response(to_json(found));
}

Result<Response> update_tag(VisionContext& context, Call& call) {
    TRY(auto const id, path_guid(call, "project"));
    TRY(auto const tag, path_guid(call, "tag"));
    TRY(auto const body, json_body(call));
    project::TagChange change;
    TRY(change.name, text_member(body, "name"));
    TRY(change.description, text_member(body, "description"));
    TRY(auto const type, text_member(body, "type"));
    if (type) {
        TRY(change.type, parse_tag_type(*type));
    }
    TRY(auto const changed, context.vision.ask([&](store::Database& database) {
        return project::update_tag(database, id, tag, change, context.vision.now());
    }));
    return json_response(to_json(changed));
}

Result<Response> delete_tag(VisionContext& context, Call& call) {
    TRY(auto const id, path_guid(call, "project"));
    TRY(auto const tag, path_guid(call, "tag"));
    TRY_STATUS(context.vision.ask([&](store::Database& database) {
        return project::delete_tag(database, id, tag, context.vision.now());
    }));
    return empty_response(204);
}

constexpr VisionOperation kOperations[] = {
    {"GET", "domains", kEmptyBody, get_domains},
    {"GET", "domains/{domain}", kEmptyBody, get_domain},
    {"GET", "projects", kEmptyBody, get_projects},
    {"POST", "projects", kJsonBody, create_project},
    {"GET", "projects/{project}", kEmptyBody, get_project},
    {"PATCH", "projects/{project}", kJsonBody, update_project},
    {"DELETE", "projects/{project}", kEmptyBody, delete_project},
    {"GET", "projects/{project}/tags", kEmptyBody, get_tags},
    {"POST", "projects/{project}/tags", kJsonBody, create_tag},
    {"GET", "projects/{project}/tags/{tag}", kEmptyBody, get_tag},
    {"PATCH", "projects/{project}/tags/{tag}", kJsonBody, update_tag},
    {"DELETE", "projects/{project}/tags/{tag}", kEmptyBody, delete_tag},
};

}  // namespace

std::span<VisionOperation const> project_operations() {
    return kOperations;
}

}  // namespace ounce::api
