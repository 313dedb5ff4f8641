#pragma once

#include <string>
#include <string_view>

#include "project/images.hpp"

namespace ounce::project {

/// Names and texts that go with an image, as the database keeps them: a JSON object.
std::string metadata_text(Metadata const& metadata);
/// Errors: DataLoss if it is something else.
Result<Metadata> parse_metadata(std::string_view text);

/// Which images belong together (of one visit, or one camera), as whoever uploaded them says; empty: not
/// known.
std::string group_of(Metadata const& metadata);

/// The bounds of one image's metadata.
/// Errors: BadRequestImageMetadataKey, BadRequestImageMetadataValue.
Status check_metadata(Metadata const& metadata);

}  // namespace ounce::project
