#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/result.hpp"
#include "cli/hub_client.hpp"

namespace ounce::cli {

/// The hub's vision service (custom-vision-api.md), as far as several commands need it. Where a person names
/// a project, tag or iteration, its id is as good as its name.

/// ".../training/projects/ID/tags": `segments` below the service's own path, percent-coded.
std::string training_path(std::initializer_list<std::string_view> segments);

/// Errors: NotFound naming those there are; InvalidArgument naming the ids if several have the name.
Result<Json> find_project(HubClient& hub, std::string const& name);

/// With "" the iteration that was trained last. Errors: NotFound; FailedPrecondition if none is trained.
Result<Json> find_iteration(HubClient& hub, std::string const& project, std::string const& name);

/// The element of `list` whose id, or else name, is `name`; `kind` ("project") is for the error.
/// Errors: NotFound naming those there are; InvalidArgument naming the ids if several have the name.
Result<Json> find_named(Json const& list, std::string const& name, std::string_view kind);

}  // namespace ounce::cli
