#pragma once

#include <string_view>

#include "api/route.hpp"
#include "registry/storage.hpp"

namespace ounce::api {

/// A blob as the answer to GET or HEAD, whole or the stretch that a Range header asks for: 200, 206 or 416,
/// with an ETag of its digest. Errors: NotFound if it is gone.
Result<Response> blob_response(Call const& call, registry::Storage const& storage, registry::Blob const& blob,
                               std::string_view media_type);

/// The file that holds the request's body (of a route whose plan says File); whoever gets it removes it.
std::filesystem::path take_body(Call& call);

}  // namespace ounce::api
