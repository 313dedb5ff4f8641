#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/route.hpp"
#include "project/images.hpp"

namespace ounce::api {

/// What the vision wire's requests say, read with that wire's errors (custom-vision-api.md section 1.3). Keys
/// of the query are compared without case. Pure.

/// A GUID of the path: {project}, {tag}, ... Errors: NotFoundProject and so on for what is none: there is
/// no such thing.
Result<project::Guid> path_guid(Call const& call, std::string_view name);

/// A GUID of the query; none if absent. Errors: BadRequestInvalidIds.
Result<std::optional<project::Guid>> find_guid(Call const& call, std::string_view key);

/// A list of the query: separated by commas, or the key repeated. Empty pieces are left out. Borrowed from
/// `call`.
std::vector<std::string_view> text_list(Call const& call, std::string_view key);

/// A list of GUIDs of the query: separated by commas, or the key repeated. Errors: BadRequestInvalidIds;
/// BadRequestExceededBatchSize beyond `count_max`.
Result<std::vector<project::Guid>> guid_list(Call const& call, std::string_view key, std::size_t count_max);

/// A text that must be there. Errors: BadRequestRequiredParamIsNull.
Result<std::string> required_text(Call const& call, std::string_view key);

/// "true" or "false" in any case; `otherwise` if absent. Errors: BadRequestInvalid.
Result<bool> flag(Call const& call, std::string_view key, bool otherwise);

/// A number from `least` to `most`; `otherwise` if absent. Errors: BadRequestInvalid.
Result<double> number(Call const& call, std::string_view key, double least, double most, double otherwise);

/// take, skip, orderBy, tagIds, iterationId of the calls that list images.
/// Errors: BadRequestInvalid, BadRequestInvalidIds; BadRequestNotSupported for $filter.
Result<project::ImageQuery> image_query(Call const& call);

/// The body as a JSON object; an empty body is an empty object. Errors: BadRequest.
Result<Json> json_body(Call const& call);

/// A list of GUIDs in a body; absent or null is empty. Errors: BadRequestInvalidIds.
Result<std::vector<project::Guid>> guid_member(Json const& object, char const* key, std::size_t count_max);

/// A text in a body; none if absent or null. Errors: BadRequestInvalid.
Result<std::optional<std::string>> text_member(Json const& object, char const* key);

/// Whether the request came by the first version of the wire, whose clients know less.
bool is_version_3_0(Call const& call);

}  // namespace ounce::api
