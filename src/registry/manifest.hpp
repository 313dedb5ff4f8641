#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/json.hpp"
#include "base/result.hpp"

namespace ounce::registry {

inline constexpr std::uint64_t kManifestBytesMax = 4 << 20;
inline constexpr std::size_t kManifestPartsMax = 4'096;

/// Names of the OCI distribution specification 1.1 and its errors, whose `reason` is the specification's code
/// ("NAME_INVALID"). All pure; any thread.

/// "wildlife/classifier": at most 255 bytes of lower-case words. Errors: InvalidArgument.
Status check_repository(std::string_view name);
/// "latest": 1 to 128 letters, digits, '_', '.', '-', not '.' or '-' first. Errors: InvalidArgument.
Status check_tag(std::string_view name);
/// "sha256:<64 hexadecimal digits>" -> the digits. Errors: InvalidArgument; other algorithms are not taken.
Result<std::string> parse_digest(std::string_view text);
std::string to_digest(std::string_view hex);

/// One thing that a manifest names by its digest.
struct ManifestPart {
    std::string digest;  // hexadecimal
    std::uint64_t size = 0;
    bool manifest = false;  // a part of an index: a manifest, or a blob like all others
    bool needed = true;     // false: it lies elsewhere ("urls"), or need not be here
};

/// What the registry must know of a manifest; the bytes are kept as they came.
struct Manifest {
    std::string media_type;
    std::vector<ManifestPart> parts;
    std::string subject;  // hexadecimal digest of what it is about; empty: none
    std::string artifact_type;
    Json annotations = Json::object();
};

/// Reads an image manifest or index, of OCI or Docker (schema 2). `media_type` is what the sender says.
/// Errors: InvalidArgument; ResourceExhausted beyond the bounds.
Result<Manifest> parse_manifest(std::string_view media_type, ByteView content);

}  // namespace ounce::registry
