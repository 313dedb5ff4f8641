#pragma once

#include <string>
#include <string_view>

#include "project/images.hpp"

namespace ounce::project {

/// Names and texts that go with an image, as the database keeps them: a JSON object.
std::string metadata_text(Metadata const& metadata);
/// Errors: DataLoss if it is something else.
Result<Metadata> parse_metadata(std::string_view text);

/// The bounds of one image's metadata.
/// Errors: BadRequestImageMetadataKey, BadRequestImageMetadataValue.
Status check_metadata(Metadata const& metadata);

}  // namespace ounce::project
