#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/result.hpp"

namespace ounce::iot {

// Twins as values (iothub-auth-mqtt-http.md B4, iothub-service-rest-amqp.md D5). Pure functions, any thread.

inline constexpr std::size_t kTagsBytesMax = 8 * 1024;
inline constexpr std::size_t kSectionBytesMax = 32 * 1024;
inline constexpr int kTwinDepthMax = 10;
inline constexpr std::size_t kTwinKeyBytesMax = 1024;
inline constexpr std::size_t kTwinStringBytesMax = 4 * 1024;
inline constexpr std::int64_t kTwinIntegerMin = -4'503'599'627'370'496;
inline constexpr std::int64_t kTwinIntegerMax = 4'503'599'627'370'495;

/// The desired or the reported properties.
struct TwinSection {
    std::int64_t version = 1;
    Json values = Json::object();
    /// Mirrors `values`: "$lastUpdated" (and of desired ones "$lastUpdatedVersion") at each level.
    Json metadata = Json::object();
};

enum class SectionKind { Desired, Reported };

/// A section that nobody wrote to yet.
TwinSection new_section(SectionKind kind, Time now);

struct SectionChange {
    TwinSection section;
    /// What the other side is told: the patch with "$version", null for each key that went.
    Json pushed;
};

/// Merges `patch` into the section (JSON merge patch, RFC 7396): null removes, arrays are replaced whole; a
/// patch that is null itself empties the section. "$version" and "$metadata" at its top are passed over, as
/// people send back what they read. The version grows by one even if nothing differs.
/// Errors: InvalidArgument naming the key and the bound.
Result<SectionChange> patch_section(TwinSection const& section, Json const& patch, SectionKind kind,
                                    Time now);

/// Puts `values` in the place of all that is there. What is pushed holds all of it, and null for what went.
/// Errors: as patch_section.
Result<SectionChange> replace_section(TwinSection const& section, Json const& values, SectionKind kind,
                                      Time now);

/// Merges into the tags, which have neither version nor metadata. Errors: as patch_section.
Result<Json> patch_tags(Json const& tags, Json const& patch);
Result<Json> replace_tags(Json const& tags);

/// As the service side reads it: values, "$metadata", "$version".
Json section_with_metadata(TwinSection const& section);
/// As the device reads it: values, "$version".
Json section_without_metadata(TwinSection const& section);

/// The tag of a twin's version: base64 of its eight bytes, "AAAAAAAAAAE=".
std::string twin_etag(std::int64_t version);

}  // namespace ounce::iot
