#include "api/azureml_errors.hpp"
#include "api/azureml_services.hpp"
#include "api/azureml_urls.hpp"
#include "base/percent.hpp"
#include "crypto/sha256.hpp"

namespace ounce::api {
namespace {

constexpr auto kType = "Microsoft.MachineLearningServices/workspaces";

/// The list of clouds: us alone. The subscription of the caller's script is in the address, so that the hub
/// can say that it has it (azureml-v1.md section 1).
Result<Response> clouds(AzureMlServices&, Call& call) {
    auto const hub = hub_url(call);
    auto const manager = fmt::format("{}/arm/{}/", hub, percent_encode(call.parameter("home")));
    return json_response(
        Json::array({{{"name", "AzureCloud"},
                      {"portal", hub},
                      {"authentication", {{"loginEndpoint", hub + "/adfs/t"}, {"audiences", {hub + "/"}}}},
                      {"resourceManager", manager},
                      {"suffixes", Json::object()}}}));
}

Result<Response> subscriptions(AzureMlServices&, Call& call) {
    auto const& id = call.parameter("home");
    return json_response(Json({{"value", Json::array({{{"id", "/subscriptions/" + id},
                                                       {"subscriptionId", id},
                                                       {"displayName", "Ounce"},
                                                       {"state", "Enabled"}}})}}));
}

Result<Response> tenants(AzureMlServices&, Call&) {
    return json_response(
        Json({{"value",
               Json::array({{{"id", "/tenants/ounce"}, {"tenantId", "ounce"}, {"displayName", "Ounce"}}})}}));
}

/// A name that stays the same for the same workspace, in the form of a UUID.
std::string workspace_id(std::string_view path) {
    std::string lower(path);
    for (auto& c : lower)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    auto const hex = crypto::sha256_hex(as_bytes(lower));
    return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4),
                       hex.substr(16, 4), hex.substr(20, 12));
}

Json describe_workspace(Call const& call, std::string const& path, std::string const& name) {
    auto const id = workspace_id(path);
    return {{"id", path},
            {"name", name},
            {"location", "local"},
            {"type", kType},
            {"tags", Json::object()},
            {"sku", {{"name", "Basic"}, {"tier", "Basic"}}},
            {"properties",
             {{"workspaceId", id},
              {"friendlyName", name},
              {"description", ""},
              {"discoveryUrl", fmt::format("{}/discovery/{}", hub_url(call), id)}}}};
}

/// Scripts bring names of groups and workspaces of their own: all of them are this hub.
Result<Response> workspace(AzureMlServices&, Call& call) {
    return json_response(describe_workspace(call, workspace_path(call), call.parameter("workspace")));
}

std::string own_path(Call const& call, std::string_view group) {
    return fmt::format("/subscriptions/{}/resourceGroups/{}/providers/{}/ounce",
                       percent_encode(call.parameter("subscription")), group, kType);
}

Result<Response> workspaces_of_group(AzureMlServices&, Call& call) {
    auto const path = own_path(call, percent_encode(call.parameter("group")));
    return json_response(Json({{"value", Json::array({describe_workspace(call, path, "ounce")})}}));
}

Result<Response> resources(AzureMlServices&, Call& call) {
    return json_response(Json({{"value", Json::array({{{"id", own_path(call, "ounce")},
                                                       {"name", "ounce"},
                                                       {"location", "local"},
                                                       {"type", kType}}})}}));
}

Result<Response> discovery(AzureMlServices&, Call& call) {
    auto const hub = hub_url(call);
    Json services;
    for (auto const* const name :
         {"api", "experimentation", "history", "hyperdrive", "modelmanagement", "studio"})
        services[name] = hub;
    return json_response(services);
}

}  // namespace

RouteGroup azureml_manager_routes(std::shared_ptr<AzureMlServices> const& services) {
    auto const read = crypto::Right::ModelsRead;
    auto const& none = kAzureMlNoBody;
    return {
        "azureml-manager",
        "/arm",
        azureml_history_error,
        {
            {"GET", "/arm/{home}/metadata/endpoints", Access::Anyone, {}, none, with(services, clouds)},
            {"GET", "/arm/{home}/subscriptions", Access::Bearer, read, none, with(services, subscriptions)},
            {"GET", "/arm/{home}/tenants", Access::Bearer, read, none, with(services, tenants)},
            {"GET", "/arm/{home}/subscriptions/{subscription}/resources", Access::Bearer, read, none,
             with(services, resources)},
            {"GET",
             "/arm/{home}/subscriptions/{subscription}/resourceGroups/{group}"
             "/providers/Microsoft.MachineLearningServices/workspaces",
             Access::Bearer, read, none, with(services, workspaces_of_group)},
            {"GET", "/arm/{home}" OUNCE_AZUREML_WORKSPACE, Access::Bearer, read, none,
             with(services, workspace)},
        }};
}

RouteGroup azureml_discovery_routes(std::shared_ptr<AzureMlServices> const& services) {
    return {
        "azureml-discovery",
        "/discovery",
        azureml_history_error,
        {{"GET", "/discovery/{workspace}", Access::Anyone, {}, kAzureMlNoBody, with(services, discovery)}}};
}

}  // namespace ounce::api
