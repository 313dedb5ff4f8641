#pragma once

#include <string>
#include <vector>

#include "registry/model.hpp"
#include "store/database.hpp"

namespace ounce::registry {

/// The rows of a model, for the files that work on them; on the ledger's thread.

/// Columns of `model` in the order that read_model() takes them.
inline constexpr std::string_view kModelColumns =
    "id, name, version, root, size, description, framework, framework_version, mime_type, run_id, "
    "experiment, "
    "resources, package, asset, created_by, created_us, modified_us";

/// The model of the row that `statement` stands on, with its tags and properties.
Result<Model> read_model(store::Database& database, store::Statement& statement);

/// All models that `sql`'s statement gives (it selects kModelColumns).
Result<std::vector<Model>> read_models(store::Database& database, store::Statement statement);

/// Errors: InvalidArgument, ResourceExhausted; names what they are ("tag").
Status check_labels(Labels const& labels, std::string_view what);

}  // namespace ounce::registry
