#pragma once

#include "api/route.hpp"
#include "registry/storage.hpp"

namespace ounce::api {

/// The models' own wire, which `ounce model` speaks: docs/MODELS.md. `storage` is borrowed.
RouteGroup models_routes(registry::Storage const& storage);

}  // namespace ounce::api
