#pragma once

#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "registry/artifacts.hpp"
#include "registry/models.hpp"

namespace ounce::api {

/// How models look on the Azure ML wire (azureml-v1.md section 5).
///
/// There a model has an asset, and the asset names files of the artifact service by a prefix. For a model
/// that is registered, whoever did it and how, that prefix is "Model/<asset>/<folder or file>".
inline constexpr std::string_view kModelOrigin = "Model";

/// The last part of that prefix: the folder that was registered, a single file's own path, or for several
/// files without a folder the model's name. Pure.
std::string model_prefix(registry::Model const& model, std::vector<registry::ModelFile> const& files);

/// The files of the model whose asset is `place.container`, as artifacts under `place.path`.
Result<std::vector<registry::Artifact>> list_model_artifacts(registry::Storage const& storage,
                                                             registry::ArtifactPlace const& place);

/// The model as one object. Pure.
Json to_azureml_json(registry::Model const& model);

/// "key,key2=value2" of a filter. Pure.
registry::ModelFilter::Wanted parse_wanted(std::string_view text);

/// The changes of a PATCH: a list of {"op": "add" or "replace", "path", "value"}. Pure.
/// Errors: InvalidArgument, naming the path.
Result<registry::ModelUpdate> parse_model_patch(Json const& patch);

}  // namespace ounce::api
