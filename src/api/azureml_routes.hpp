#pragma once

#include <memory>
#include <vector>

#include "api/route.hpp"
#include "base/clock.hpp"
#include "crypto/keyring.hpp"
#include "registry/storage.hpp"

namespace ounce::api {

/// What the unchanged `azureml-core` package asks for (azureml-v1.md sections 1 to 5): login, workspace,
/// artifacts and models, a group for each of its services because each words errors in its own way. Services
/// that are not offered are groups without routes, so that their users get a clear 404.
/// All arguments are borrowed for as long as the routes are.
std::vector<RouteGroup> azureml_routes(registry::Storage const& storage, crypto::Keyring const& keyring,
                                       Clock const& clock);

}  // namespace ounce::api
