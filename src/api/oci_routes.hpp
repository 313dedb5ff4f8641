#pragma once

#include "api/route.hpp"
#include "registry/storage.hpp"

namespace ounce::api {

/// The OCI distribution specification 1.1 under /v2: what Docker, Podman and skopeo push to and pull from.
/// Basic authentication, a key's name and the key: pulling needs ModelsRead, pushing and deleting
/// ModelsWrite. `storage` is borrowed.
RouteGroup oci_routes(registry::Storage const& storage);

/// {"errors": [{"code", "message"}]}, with the challenge that makes Docker send its credential. Pure.
Response oci_error(Error const& error);

}  // namespace ounce::api
