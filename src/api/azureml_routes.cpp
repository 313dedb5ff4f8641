#include "api/azureml_routes.hpp"

#include "api/azureml_errors.hpp"
#include "api/azureml_services.hpp"

namespace ounce::api {

namespace {

/// The services of Azure ML that nobody answers here.
Response not_offered(Error const& error) {
    auto worded = error;
    if (error.reason == "RouteNotFound")
        worded.message =
            "this hub does not offer this part of Azure ML: it keeps models, without experiments, runs, "
            "environments, data stores and compute";
    return azureml_history_error(worded);
}

}  // namespace

std::vector<RouteGroup> azureml_routes(registry::Storage const& storage, crypto::Keyring const& keyring,
                                       Clock const& clock) {
    auto const services = std::make_shared<AzureMlServices>(storage, keyring, clock);
    std::vector<RouteGroup> groups;
    groups.push_back(azureml_manager_routes(services));
    groups.push_back(azureml_login_routes(services));
    groups.push_back(azureml_discovery_routes(services));
    groups.push_back(azureml_artifact_routes(services));
    groups.push_back(azureml_blob_routes(services));
    groups.push_back(azureml_model_routes(services));
    for (auto const* const prefix :
         {"/history", "/metric", "/content", "/execution", "/environment", "/datastore", "/dataset", "/rp"})
        groups.push_back({"azureml", prefix, not_offered, {}});
    return groups;
}

}  // namespace ounce::api
