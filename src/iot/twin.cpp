#include "iot/twin.hpp"

#include <algorithm>
#include <array>

#include "crypto/base64.hpp"
#include "iot/identity.hpp"

namespace ounce::iot {
namespace {

constexpr char const* kVersion = "$version";
constexpr char const* kMetadata = "$metadata";
constexpr char const* kUpdated = "$lastUpdated";
constexpr char const* kUpdatedVersion = "$lastUpdatedVersion";

tl::unexpected<Error> wrong(std::string_view key, std::string_view what) {
    // A key may be anything up to the size of the body: enough of it to find it.
    return fail_as(Code::InvalidArgument, "ArgumentInvalid", "'{}' {}", key.substr(0, 64), what);
}

bool is_key(std::string_view key) {
    return !key.empty() && key.size() <= kTwinKeyBytesMax && std::none_of(key.begin(), key.end(), [](char c) {
        return c == '.' || c == '$' || c == ' ' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    });
}

bool fits(Json const& number) {
    if (number.is_number_unsigned())
        return number.get<std::uint64_t>() <= static_cast<std::uint64_t>(kTwinIntegerMax);
    return number.get<std::int64_t>() >= kTwinIntegerMin && number.get<std::int64_t>() <= kTwinIntegerMax;
}

Status check_value(std::string_view key, Json const& value, int depth);

Status check_members(Json const& object, int depth) {
    for (auto const& [key, value] : object.items()) {
        if (!is_key(key))
            return wrong(key, "is no key: 1 to 1024 bytes without '.', '$', spaces and control characters");
        TRY_STATUS(check_value(key, value, depth));
    }
    return {};
}

Status check_value(std::string_view key, Json const& value, int depth) {
    if (value.is_string() && value.get_ref<std::string const&>().size() > kTwinStringBytesMax)
        return wrong(key, fmt::format("is longer than {} bytes", kTwinStringBytesMax));
    if (value.is_number_integer() && !fits(value))
        return wrong(key, fmt::format("is not between {} and {}", kTwinIntegerMin, kTwinIntegerMax));
    if (!value.is_structured()) return {};
    if (depth == kTwinDepthMax) return wrong(key, fmt::format("lies deeper than {} levels", kTwinDepthMax));
    if (value.is_object()) return check_members(value, depth + 1);
    for (auto const& element : value) TRY_STATUS(check_value(key, element, depth + 1));
    return {};
}

Status check_size(Json const& values, std::size_t bytes_max, std::string_view what) {
    if (auto const size = dump_json(values).size(); size > bytes_max)
        return fail_as(Code::InvalidArgument, "ArgumentInvalid", "the {} have {} bytes of JSON, at most {}",
                       what, size, bytes_max);
    return {};
}

/// What is stamped on all that a change touches.
struct Stamp {
    std::string time;
    std::int64_t version = 0;
    SectionKind kind = SectionKind::Desired;

    void put(Json& metadata) const {
        metadata[kUpdated] = time;
        if (kind == SectionKind::Desired) metadata[kUpdatedVersion] = version;
    }
};

void merge(Json& values, Json& metadata, Json const& patch, Stamp const& stamp) {
    stamp.put(metadata);
    for (auto const& [key, value] : patch.items()) {
        if (value.is_null()) {
            values.erase(key);
            metadata.erase(key);
        } else if (value.is_object()) {
            auto& into = values[key];
            auto& stamps = metadata[key];
            if (!into.is_object()) {
                into = Json::object();
                stamps = Json::object();
            }
            merge(into, stamps, value, stamp);
        } else {
            values[key] = value;
            metadata[key] = Json::object();
            stamp.put(metadata[key]);
        }
    }
}

/// `now` with null for each key that it has no more.
Json with_nulls(Json const& before, Json const& now) {
    auto told = now;
    for (auto const& [key, value] : before.items()) {
        auto const found = told.find(key);
        if (found == told.end())
            told[key] = nullptr;
        else if (found->is_object() && value.is_object())
            *found = with_nulls(value, *found);
    }
    return told;
}

/// The patch without what nobody can set.
Result<Json> checked(Json const& patch) {
    if (!patch.is_object())
        return fail_as(Code::InvalidArgument, "ArgumentInvalid", "properties must be a JSON object");
    auto clean = patch;
    clean.erase(kVersion);
    clean.erase(kMetadata);
    TRY_STATUS(check_members(clean, 0));
    return clean;
}

Result<SectionChange> change(TwinSection const& section, TwinSection after, Json pushed, SectionKind kind) {
    TRY_STATUS(check_size(after.values, kSectionBytesMax,
                          kind == SectionKind::Desired ? "desired properties" : "reported properties"));
    after.version = section.version + 1;
    pushed[kVersion] = after.version;
    return SectionChange{.section = std::move(after), .pushed = std::move(pushed)};
}

Stamp next_stamp(TwinSection const& section, SectionKind kind, Time now) {
    return {.time = wire_time(now), .version = section.version + 1, .kind = kind};
}

}  // namespace

TwinSection new_section(SectionKind kind, Time now) {
    TwinSection section;
    Stamp{.time = wire_time(now), .version = section.version, .kind = kind}.put(section.metadata);
    return section;
}

Result<SectionChange> patch_section(TwinSection const& section, Json const& patch, SectionKind kind,
                                    Time now) {
    if (patch.is_null()) return replace_section(section, Json::object(), kind, now);
    TRY(auto clean, checked(patch));
    auto after = section;
    merge(after.values, after.metadata, clean, next_stamp(section, kind, now));
    return change(section, std::move(after), std::move(clean), kind);
}

Result<SectionChange> replace_section(TwinSection const& section, Json const& values, SectionKind kind,
                                      Time now) {
    TRY(auto const clean, checked(values));
    TwinSection after;
    merge(after.values, after.metadata, clean, next_stamp(section, kind, now));
    auto pushed = with_nulls(section.values, after.values);
    return change(section, std::move(after), std::move(pushed), kind);
}

Result<Json> patch_tags(Json const& tags, Json const& patch) {
    if (patch.is_null()) return Json::object();
    TRY(auto const clean, checked(patch));
    auto after = tags;
    after.merge_patch(clean);
    TRY_STATUS(check_size(after, kTagsBytesMax, "tags"));
    return after;
}

Result<Json> replace_tags(Json const& tags) {
    return patch_tags(Json::object(), tags);
}

Json section_with_metadata(TwinSection const& section) {
    auto json = section_without_metadata(section);
    json[kMetadata] = section.metadata;
    return json;
}

Json section_without_metadata(TwinSection const& section) {
    auto json = section.values;
    json[kVersion] = section.version;
    return json;
}

std::string twin_etag(std::int64_t version) {
    std::array<std::uint8_t, 8> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(version) >> (8 * (7 - i)));
    return crypto::to_base64(bytes);
}

}  // namespace ounce::iot
