#include <algorithm>
#include <charconv>

#include "api/azureml_errors.hpp"
#include "api/azureml_models.hpp"
#include "api/azureml_services.hpp"
#include "api/azureml_urls.hpp"
#include "api/models_json.hpp"
#include "base/percent.hpp"

namespace ounce::api {
namespace {

using registry::Artifacts;
using registry::ModelFilter;
using registry::Models;

constexpr std::string_view kAssetUrl = "aml://asset/";

Result<std::string> text_of(Json const& json, char const* key) {
    auto const found = json.find(key);
    if (found == json.end() || found->is_null()) return std::string();
    return json_member<std::string>(json, key);
}

Result<registry::Labels> labels_of(Json const& json, char const* key) {
    auto const found = json.find(key);
    if (found == json.end() || found->is_null()) return registry::Labels();
    return parse_labels(*found, key);
}

Json describe(registry::Asset const& asset) {
    auto const prefix = fmt::format("{}/{}/{}", asset.origin, asset.container, asset.prefix);
    return {{"id", asset.id}, {"name", asset.name}, {"artifacts", Json::array({{{"prefix", prefix}}})}};
}

/// "origin/container/path" of an asset's one artifact.
Result<registry::ArtifactPlace> parse_artifact(Json const& json) {
    auto const artifacts = json.find("artifacts");
    if (artifacts == json.end() || !artifacts->is_array() || artifacts->size() != 1)
        return fail(Code::InvalidArgument, "an asset names one file or folder in 'artifacts'");
    auto const& artifact = artifacts->front();
    auto const prefix = json_member<std::string>(artifact, "prefix");
    auto const id = json_member<std::string>(artifact, "id");
    if (!prefix && !id) return fail(Code::InvalidArgument, "an artifact has a 'prefix' or an 'id'");
    std::string_view const text = prefix ? *prefix : *id;
    auto const first = text.find('/');
    auto const second = first == std::string_view::npos ? first : text.find('/', first + 1);
    if (second == std::string_view::npos)
        return fail(Code::InvalidArgument, "'{}' is not origin/container/path", text);
    return registry::ArtifactPlace{.origin = std::string(text.substr(0, first)),
                                   .container = std::string(text.substr(first + 1, second - first - 1)),
                                   .path = std::string(text.substr(second + 1))};
}

Result<Response> add_asset(AzureMlServices& services, Call& call) {
    TRY(auto const json, call.json());
    if (!json.is_object()) return fail(Code::InvalidArgument, "an asset is a JSON object");
    TRY(auto name, text_of(json, "name"));
    TRY(auto place, parse_artifact(json));
    TRY(auto const asset, Artifacts(services.storage).add_asset(std::move(name), std::move(place)));
    return json_response(describe(asset));
}

/// The asset of a model, whoever registered it, or one that waits to become a model's.
Result<Response> get_asset(AzureMlServices& services, Call& call) {
    auto const& id = call.parameter("id");
    Models const models(services.storage);
    TRY(auto const found, models.find_by_asset(id));
    if (found.empty()) {
        TRY(auto const asset, Artifacts(services.storage).get_asset(id));
        return json_response(describe(asset));
    }
    TRY(auto const files, models.files(found.front()));
    return json_response(describe(registry::Asset{.id = id,
                                                  .name = found.front().id.name,
                                                  .origin = std::string(kModelOrigin),
                                                  .container = id,
                                                  .prefix = model_prefix(found.front(), files)}));
}

Result<registry::NewModel> parse_model(Json const& json) {
    if (!json.is_object()) return fail(Code::InvalidArgument, "a model is a JSON object");
    registry::NewModel model;
    TRY(model.name, json_member<std::string>(json, "name"));
    TRY(auto const url, json_member<std::string>(json, "url"));
    if (!url.starts_with(kAssetUrl) || url.size() == kAssetUrl.size())
        return fail(Code::InvalidArgument, "'url' is {}ID", kAssetUrl);
    model.asset = url.substr(kAssetUrl.size());
    TRY(model.tags, labels_of(json, "kvTags"));
    TRY(model.properties, labels_of(json, "properties"));
    TRY(model.description, text_of(json, "description"));
    TRY(model.framework, text_of(json, "framework"));
    TRY(model.framework_version, text_of(json, "frameworkVersion"));
    TRY(auto type, text_of(json, "mimeType"));
    if (!type.empty()) model.mime_type = std::move(type);
    TRY(model.run_id, text_of(json, "runId"));
    TRY(model.experiment, text_of(json, "experimentName"));
    if (auto const found = json.find("resourceRequirements"); found != json.end()) model.resources = *found;
    if (auto const found = json.find("datasets"); found != json.end() && !found->is_null() && !found->empty())
        return fail(Code::InvalidArgument, "'datasets' are not offered by this hub");
    return model;
}

Result<Response> add_model(AzureMlServices& services, Call& call) {
    TRY(auto const json, call.json());
    TRY(auto model, parse_model(json));
    Models const models(services.storage);
    // A client that lost the answer asks again; by then the asset may have been swept.
    TRY(auto const made, models.find_by_asset(model.asset));
    for (auto const& other : made)
        if (other.id.name == model.name) return json_response(to_azureml_json(other));
    Artifacts const artifacts(services.storage);
    TRY(auto const asset, artifacts.get_asset(model.asset));
    TRY(auto const uploaded,
        artifacts.list({.origin = asset.origin, .container = asset.container, .path = asset.prefix}));
    if (uploaded.empty())
        return fail(Code::InvalidArgument, "no file of the asset has been uploaded: upload again");
    auto files = registry::model_files_of(asset.prefix, uploaded);
    model.root = std::move(files.root);
    model.files = std::move(files.files);
    model.created_by = call.principal.name;
    TRY(auto const model_made, models.add(std::move(model)));
    return json_response(to_azureml_json(model_made));
}

Result<ModelFilter> read_filter(Call const& call) {
    ModelFilter filter;
    auto const given = [&call](std::string_view key) -> std::optional<std::string> {
        auto const value = call.find_query(key);
        if (!value || value->empty()) return std::nullopt;
        return std::string(*value);
    };
    filter.name = given("name");
    filter.framework = given("framework");
    filter.run_id = given("runId");
    filter.tags = parse_wanted(given("tags").value_or(""));
    filter.properties = parse_wanted(given("properties").value_or(""));
    filter.latest_only = net::same_name(given("latestVersionOnly").value_or(""), "true");
    filter.skip_token = given("$skipToken").value_or("");
    filter.count = ModelFilter::kCountMax;
    if (auto const count = given("count")) {
        auto const* const end = count->data() + count->size();
        if (std::from_chars(count->data(), end, filter.count).ptr != end)
            return fail(Code::InvalidArgument, "count is a number");
        filter.count = std::clamp<std::size_t>(filter.count, 1, ModelFilter::kCountMax);
    }
    auto const order = given("orderBy").value_or("CreatedAtDesc");
    using Order = ModelFilter::Order;
    if (order == "CreatedAtAsc")
        filter.order = Order::CreatedAscending;
    else if (order == "UpdatedAtDesc")
        filter.order = Order::ModifiedDescending;
    else if (order == "UpdatedAtAsc")
        filter.order = Order::ModifiedAscending;
    else if (order != "CreatedAtDesc")
        return fail(Code::InvalidArgument,
                    "orderBy is CreatedAtDesc, CreatedAtAsc, UpdatedAtDesc or UpdatedAtAsc");
    return filter;
}

Result<Response> list_models(AzureMlServices& services, Call& call) {
    TRY(auto const filter, read_filter(call));
    Json value = Json::array();
    // No model here comes from a data set.
    if (!call.find_query("datasetId").value_or("").empty()) return json_response(Json({{"value", value}}));
    TRY(auto const page, Models(services.storage).list(filter));
    for (auto const& model : page.models) value.push_back(to_azureml_json(model));
    Json json = {{"value", std::move(value)}};
    // The client takes the token out of this address and repeats its own query.
    if (!page.next.empty())
        json["nextLink"] =
            fmt::format("{}{}?$skipToken={}", hub_url(call), call.request.path, percent_encode(page.next));
    return json_response(json);
}

Result<registry::ModelId> id_of(Call const& call) {
    return registry::parse_model_id(call.parameter("id"));
}

Result<Response> get_model(AzureMlServices& services, Call& call) {
    TRY(auto const id, id_of(call));
    TRY(auto const model, Models(services.storage).get(id));
    return json_response(to_azureml_json(model));
}

Result<Response> change_model(AzureMlServices& services, Call& call) {
    TRY(auto const id, id_of(call));
    TRY(auto const patch, call.json());
    TRY(auto const update, parse_model_patch(patch));
    TRY(auto const model, Models(services.storage).update(id, update));
    return json_response(to_azureml_json(model));
}

Result<Response> remove_model(AzureMlServices& services, Call& call) {
    TRY(auto const id, id_of(call));
    if (id.version == 0)
        return fail(Code::InvalidArgument, "say which version to delete: {}:VERSION", id.name);
    auto const removed = Models(services.storage).remove(id);
    if (!removed && removed.error().code == Code::NotFound) return empty_response(204);
    if (!removed) return fail(removed.error());
    return json_response(Json::object());
}

}  // namespace

#define MODELS "/modelmanagement/{api}" OUNCE_AZUREML_WORKSPACE

RouteGroup azureml_model_routes(std::shared_ptr<AzureMlServices> const& services) {
    auto const read = crypto::Right::ModelsRead;
    auto const write = crypto::Right::ModelsWrite;
    auto const& none = kAzureMlNoBody;
    auto const& json = kAzureMlJson;
    return {"azureml-models",
            "/modelmanagement",
            azureml_model_error,
            {
                {"POST", MODELS "/assets", Access::Bearer, write, json, with(services, add_asset)},
                {"GET", MODELS "/assets/{id}", Access::Bearer, read, none, with(services, get_asset)},
                {"POST", MODELS "/models", Access::Bearer, write, json, with(services, add_model)},
                {"GET", MODELS "/models", Access::Bearer, read, none, with(services, list_models)},
                {"GET", MODELS "/models/{id}", Access::Bearer, read, none, with(services, get_model)},
                {"PATCH", MODELS "/models/{id}", Access::Bearer, write, json, with(services, change_model)},
                {"DELETE", MODELS "/models/{id}", Access::Bearer, write, none, with(services, remove_model)},
            }};
}

#undef MODELS

}  // namespace ounce::api
