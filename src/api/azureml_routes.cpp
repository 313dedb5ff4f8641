#include "api/azureml_routes.hpp"

#include "api/azureml_errors.hpp"
#include "api/azureml_services.hpp"

namespace ounce::api {

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
    // Not offered: the SDK shows the text of this shape.
    for (auto const* const prefix :
         {"/history", "/metric", "/content", "/execution", "/environment", "/datastore", "/dataset", "/rp"})
        groups.push_back({"azureml", prefix, azureml_history_error, {}});
    return groups;
}

}  // namespace ounce::api
