#pragma once

#include <span>
#include <string>
#include <utility>

#include "base/json.hpp"
#include "registry/model.hpp"

namespace ounce::api {

/// How the models' own wire writes things (docs/MODELS.md). All pure.

/// A model as one object; `files` beside it where they are asked for.
Json to_json(registry::Model const& model);
Json to_json(std::vector<registry::ModelFile> const& files);

/// What a caller says of a model to register. Errors: InvalidArgument, naming the member.
Result<registry::NewModel> parse_new_model(Json const& json);
/// What shall change. Errors: as above.
Result<registry::ModelUpdate> parse_model_update(Json const& json);
/// The query of a list: name, framework, tag=KEY[=VALUE] and property=… (repeated), latest, order, count,
/// skip. Errors: InvalidArgument, naming the key.
Result<registry::ModelFilter> parse_model_filter(std::span<std::pair<std::string, std::string> const> query);

/// An object of texts. Errors: InvalidArgument, naming `what`.
Result<registry::Labels> parse_labels(Json const& json, std::string_view what);

/// "key" or "key=value" into `wanted`.
void add_wanted(registry::ModelFilter::Wanted& wanted, std::string_view text);

}  // namespace ounce::api
