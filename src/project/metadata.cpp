#include "project/metadata.hpp"

#include "base/json.hpp"
#include "base/utf8.hpp"

namespace ounce::project {

std::string metadata_text(Metadata const& metadata) {
    return dump_json(Json(metadata));
}

Result<Metadata> parse_metadata(std::string_view text) {
    TRY(auto const json, parse_json(text));
    Metadata metadata;
    for (auto const& [key, value] : json.items()) {
        if (!value.is_string()) return fail(Code::DataLoss, "vision.db: the metadata '{}' is no text", key);
        metadata[key] = value.get<std::string>();
    }
    return metadata;
}

std::string group_of(Metadata const& metadata) {
    auto const found = metadata.find("group");
    return found == metadata.end() ? std::string() : found->second;
}

Status check_metadata(Metadata const& metadata) {
    if (metadata.size() > kMetadataPairsMax)
        return fail_as(Code::InvalidArgument, "BadRequestImageMetadataKey",
                       "An image can have {} pairs of metadata; these are {}", kMetadataPairsMax,
                       metadata.size());
    for (auto const& [key, value] : metadata) {
        if (key.empty() || key.size() > kMetadataKeyBytesMax || !is_utf8(key))
            return fail_as(Code::InvalidArgument, "BadRequestImageMetadataKey",
                           "A key of metadata must be 1 to {} bytes of text", kMetadataKeyBytesMax);
        if (value.size() > kMetadataValueBytesMax || !is_utf8(value))
            return fail_as(Code::InvalidArgument, "BadRequestImageMetadataValue",
                           "A value of metadata must be at most {} bytes of text", kMetadataValueBytesMax);
    }
    return {};
}

}  // namespace ounce::project
