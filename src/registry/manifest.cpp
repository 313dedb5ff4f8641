#include "registry/manifest.hpp"

#include <algorithm>

namespace ounce::registry {
namespace {

constexpr std::string_view kOciManifest = "application/vnd.oci.image.manifest.v1+json";
constexpr std::string_view kOciIndex = "application/vnd.oci.image.index.v1+json";
constexpr std::string_view kDockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
constexpr std::string_view kDockerList = "application/vnd.docker.distribution.manifest.list.v2+json";

bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/// One word of a repository's name: [a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*
bool is_component(std::string_view text) {
    if (text.empty() || !is_word(text.front()) || !is_word(text.back())) return false;
    for (std::size_t at = 0; at < text.size();) {
        if (is_word(text[at])) {
            ++at;
            continue;
        }
        auto const separator = text[at];
        auto end = at;
        while (end < text.size() && !is_word(text[end])) {
            if (text[end] != separator) return false;
            ++end;
        }
        auto const length = end - at;
        if (separator != '-' && !(separator == '.' && length == 1) && !(separator == '_' && length <= 2))
            return false;
        at = end;
    }
    return true;
}

tl::unexpected<Error> invalid(std::string_view what) {
    return fail_as(Code::InvalidArgument, "MANIFEST_INVALID", "the manifest is not valid: {}", what);
}

std::string text_of(Json const& object, char const* key) {
    auto const found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Result<ManifestPart> parse_part(Json const& descriptor, bool manifest) {
    if (!descriptor.is_object()) return invalid("a descriptor is no object");
    TRY(auto digest, parse_digest(text_of(descriptor, "digest")));
    auto const size = descriptor.find("size");
    if (size == descriptor.end() || !size->is_number_unsigned()) return invalid("a descriptor has no size");
    auto const urls = descriptor.find("urls");
    auto const elsewhere = urls != descriptor.end() && urls->is_array() && !urls->empty();
    return ManifestPart{.digest = std::move(digest),
                        .size = size->get<std::uint64_t>(),
                        .manifest = manifest,
                        .needed = !elsewhere};
}

Status parse_parts(Manifest& manifest, Json const& json, char const* key, bool manifests) {
    auto const list = json.find(key);
    if (list == json.end() || !list->is_array()) return invalid(fmt::format("'{}' is no list", key));
    if (list->size() > kManifestPartsMax)
        return fail_as(Code::ResourceExhausted, "MANIFEST_INVALID", "a manifest names at most {} parts",
                       kManifestPartsMax);
    for (auto const& descriptor : *list) {
        TRY(auto part, parse_part(descriptor, manifests));
        manifest.parts.push_back(std::move(part));
    }
    return {};
}

Result<std::string> kind_of(std::string_view media_type, Json const& json) {
    auto const told = media_type.substr(0, media_type.find(';'));
    auto const inside = text_of(json, "mediaType");
    if (!inside.empty() && !told.empty() && inside != told)
        return invalid(fmt::format("it says that it is {}, the request says {}", inside, told));
    std::string kind(told.empty() ? std::string_view(inside) : told);
    for (auto const known : {kOciManifest, kOciIndex, kDockerManifest, kDockerList})
        if (kind == known) return kind;
    return invalid(
        fmt::format("{} is not known here: OCI image manifests and indexes and Docker's of schema 2 are",
                    kind.empty() ? "a manifest without a media type" : kind));
}

}  // namespace

Status check_repository(std::string_view name) {
    auto const wrong = [] {
        return fail_as(
            Code::InvalidArgument, "NAME_INVALID",
            "a repository's name is lower-case letters and digits, with '.', '_', '-' inside and '/' "
            "between words, at most 255 bytes");
    };
    if (name.size() > 255) return wrong();
    for (;;) {
        auto const slash = name.find('/');
        if (!is_component(name.substr(0, slash))) return wrong();
        if (slash == std::string_view::npos) return {};
        name.remove_prefix(slash + 1);
    }
}

Status check_tag(std::string_view name) {
    auto const is_tag_letter = [](char c) {
        return is_word(c) || (c >= 'A' && c <= 'Z') || c == '_' || c == '.' || c == '-';
    };
    if (!name.empty() && name.size() <= 128 && name.front() != '.' && name.front() != '-' &&
        std::ranges::all_of(name, is_tag_letter))
        return {};
    return fail_as(Code::InvalidArgument, "MANIFEST_INVALID",
                   "a tag is 1 to 128 letters, digits, '_', '.', '-', and starts with none of the last two");
}

Result<std::string> parse_digest(std::string_view text) {
    constexpr std::string_view kPrefix = "sha256:";
    auto const hex = text.substr(std::min(text.size(), kPrefix.size()));
    auto const is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
    if (text.starts_with(kPrefix) && hex.size() == 64 && std::ranges::all_of(hex, is_digit))
        return std::string(hex);
    return fail_as(Code::InvalidArgument, "DIGEST_INVALID",
                   "a digest is 'sha256:' and 64 lower-case hexadecimal digits");
}

std::string to_digest(std::string_view hex) {
    return fmt::format("sha256:{}", hex);
}

Result<Manifest> parse_manifest(std::string_view media_type, ByteView content) {
    if (content.size() > kManifestBytesMax)
        return fail_as(Code::ResourceExhausted, "SIZE_INVALID", "a manifest has at most {} bytes",
                       kManifestBytesMax);
    auto const json = parse_json(as_text(content));
    if (!json) return invalid(json.error().message);
    if (!json->is_object()) return invalid("it is no JSON object");
    auto const version = json->find("schemaVersion");
    if (version == json->end() || *version != 2) return invalid("schemaVersion is not 2");
    Manifest manifest;
    TRY(manifest.media_type, kind_of(media_type, *json));
    if (manifest.media_type == kOciIndex || manifest.media_type == kDockerList) {
        TRY_STATUS(parse_parts(manifest, *json, "manifests", true));
    } else {
        auto const config = json->find("config");
        if (config == json->end()) return invalid("there is no 'config'");
        TRY(auto part, parse_part(*config, false));
        manifest.parts.push_back(std::move(part));
        TRY_STATUS(parse_parts(manifest, *json, "layers", false));
        manifest.artifact_type = text_of(*config, "mediaType");
    }
    if (auto type = text_of(*json, "artifactType"); !type.empty()) manifest.artifact_type = std::move(type);
    if (auto const subject = json->find("subject"); subject != json->end() && !subject->is_null()) {
        TRY(auto part, parse_part(*subject, true));
        manifest.subject = std::move(part.digest);
    }
    if (auto const annotations = json->find("annotations");
        annotations != json->end() && annotations->is_object())
        manifest.annotations = *annotations;
    return manifest;
}

}  // namespace ounce::registry
