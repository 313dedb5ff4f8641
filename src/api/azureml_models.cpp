#include "api/azureml_models.hpp"

#include "api/models_json.hpp"

namespace ounce::api {

using registry::Artifact;
using registry::Model;
using registry::ModelFile;

std::string model_prefix(Model const& model, std::vector<ModelFile> const& files) {
    if (!model.root.empty()) return model.root;
    return files.size() == 1 ? files.front().path : model.id.name;
}

Result<std::vector<Artifact>> list_model_artifacts(registry::Storage const& storage,
                                                   registry::ArtifactPlace const& place) {
    registry::Models const models(storage);
    TRY(auto const found, models.find_by_asset(place.container));
    if (found.empty()) return fail(Code::NotFound, "there is no model with the asset '{}'", place.container);
    TRY(auto const files, models.files(found.front()));
    auto const prefix = model_prefix(found.front(), files);
    auto const alone = found.front().root.empty() && files.size() == 1;
    std::string_view wanted = place.path;
    while (wanted.ends_with('/')) wanted.remove_suffix(1);
    std::vector<Artifact> artifacts;
    for (auto const& file : files) {
        auto path = alone ? prefix : prefix + "/" + file.path;
        auto const inside =
            wanted.empty() || path == wanted ||
            (path.starts_with(wanted) && path.size() > wanted.size() && path[wanted.size()] == '/');
        if (inside)
            artifacts.push_back(
                {.path = std::move(path), .blob = {.digest = file.digest, .size = file.size}});
    }
    return artifacts;
}

Json to_azureml_json(Model const& model) {
    auto const text_or_null = [](std::string const& text) { return text.empty() ? Json() : Json(text); };
    return {
        {"id", model.id.text()},
        {"name", model.id.name},
        {"version", model.id.version},
        {"url", "aml://asset/" + model.asset},
        {"mimeType", model.mime_type},
        {"unpack", false},
        {"datasets", Json::array()},
        {"kvTags", model.tags},
        {"properties", model.properties},
        {"description", text_or_null(model.description)},
        {"framework", text_or_null(model.framework)},
        {"frameworkVersion", text_or_null(model.framework_version)},
        {"runId", text_or_null(model.run_id)},
        {"experimentName", text_or_null(model.experiment)},
        {"resourceRequirements", model.resources},
        {"createdTime", to_iso8601(model.created)},
        {"modifiedTime", to_iso8601(model.modified)},
        {"createdBy",
         {{"userObjectId", model.created_by}, {"userTenantId", "ounce"}, {"userName", model.created_by}}}};
}

registry::ModelFilter::Wanted parse_wanted(std::string_view text) {
    registry::ModelFilter::Wanted wanted;
    while (!text.empty()) {
        auto const piece = text.substr(0, text.find(','));
        text.remove_prefix(std::min(text.size(), piece.size() + 1));
        if (!piece.empty()) add_wanted(wanted, piece);
    }
    return wanted;
}

Result<registry::ModelUpdate> parse_model_patch(Json const& patch) {
    if (!patch.is_array()) return fail(Code::InvalidArgument, "a patch is a list of operations");
    registry::ModelUpdate update;
    for (auto const& operation : patch) {
        TRY(auto const op, json_member<std::string>(operation, "op"));
        TRY(auto const path, json_member<std::string>(operation, "path"));
        if (op != "add" && op != "replace")
            return fail(Code::InvalidArgument, "'{}' is not offered: add and replace are", op);
        auto const found = operation.find("value");
        auto const value = found == operation.end() ? Json() : *found;
        if (path == "/kvTags") {
            TRY(update.tags, parse_labels(value, "kvTags"));
        } else if (path == "/properties") {
            TRY(update.properties, parse_labels(value, "properties"));
        } else if (path == "/description") {
            if (!value.is_string() && !value.is_null())
                return fail(Code::InvalidArgument, "'description' is a text");
            update.description = value.is_string() ? value.get<std::string>() : std::string();
        } else if (path == "/resourceRequirements") {
            update.resources = value;
        } else {
            return fail(
                Code::InvalidArgument,
                "'{}' of a model cannot be changed on this hub: tags, properties, the description and "
                "resource requirements can",
                path);
        }
    }
    return update;
}

}  // namespace ounce::api
