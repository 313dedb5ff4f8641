#pragma once

#include "api/route.hpp"

namespace ounce::api {

/// How the vision wire says an error (custom-vision-api.md sections 1.2, 1.5 and 6): {"code","message"} with
/// the status that the code's first word has; a missing key and an unknown path nested, as its gateway does.
/// A failure without a name of this wire is worded by its kind.
Response vision_error(Error const& error);

/// The headers that every answer of this wire has; `request_id` empty: a new one.
void add_vision_headers(Response& response, std::string request_id = {});

}  // namespace ounce::api
