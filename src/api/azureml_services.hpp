#pragma once

#include "api/attempt_limit.hpp"
#include "api/route.hpp"
#include "base/clock.hpp"
#include "crypto/keyring.hpp"
#include "registry/storage.hpp"

namespace ounce::api {

/// What the answers of the Azure ML wire work with, and the routes of each service; see azureml_routes().
struct AzureMlServices {
    registry::Storage const& storage;
    crypto::Keyring const& keyring;
    Clock const& clock;
    AttemptLimit logins;

    AzureMlServices(registry::Storage const& the_storage, crypto::Keyring const& the_keyring,
                    Clock const& the_clock)
        : storage(the_storage), keyring(the_keyring), clock(the_clock) {}

    /// A member as an Answer that keeps the services alive.
    using Member = Result<Response> (*)(AzureMlServices&, Call&);
};

inline constexpr net::BodyPlan kAzureMlNoBody{net::BodyPlan::To::Memory, 64 << 10};  // some clients send one
inline constexpr net::BodyPlan kAzureMlJson{net::BodyPlan::To::Memory, 4 << 20};

/// `answer` with the services, which live as long as the route.
inline Answer with(std::shared_ptr<AzureMlServices> const& services, AzureMlServices::Member answer) {
    return [services, answer](Call& call) { return answer(*services, call); };
}

RouteGroup azureml_manager_routes(std::shared_ptr<AzureMlServices> const& services);    // /arm
RouteGroup azureml_login_routes(std::shared_ptr<AzureMlServices> const& services);      // /adfs
RouteGroup azureml_discovery_routes(std::shared_ptr<AzureMlServices> const& services);  // /discovery
RouteGroup azureml_artifact_routes(std::shared_ptr<AzureMlServices> const& services);   // /artifact
RouteGroup azureml_blob_routes(std::shared_ptr<AzureMlServices> const& services);       // /blob
RouteGroup azureml_model_routes(std::shared_ptr<AzureMlServices> const& services);      // /modelmanagement

}  // namespace ounce::api
