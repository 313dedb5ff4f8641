#include "iot/authenticate.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/percent.hpp"
#include "crypto/sas_token.hpp"
#include "iot/identity_row.hpp"

namespace ounce::iot {
namespace {

constexpr std::string_view kReason = "IotHubUnauthorized";

tl::unexpected<Error> refuse(std::string_view why) {
    return fail_as(Code::Unauthenticated, kReason, "{}", why);
}

tl::unexpected<Error> refuse(Error error) {
    error.reason = kReason;
    return fail(std::move(error));
}

/// Ids are percent-coded before the whole resource is (Node), or not: both are meant. Which of them was
/// signed does not matter, since the key tells.
bool names(std::string_view segment, std::string_view id) {
    if (segment == id) return true;
    auto const decoded = percent_decode(segment);
    return decoded && *decoded == id;
}

/// What the resource of a token names, as far as it names `name` or what is above it.
struct Resource {
    std::string path;  // without the host, as the token has it
    bool device = false;
    bool module = false;
};

/// None if it names anything else.
std::optional<Resource> find_resource(crypto::SasToken const& token, Name const& name) {
    auto const decoded = percent_decode(token.resource);
    if (!decoded) return std::nullopt;
    std::vector<std::string_view> segments;
    for (std::string_view rest = *decoded; !rest.empty();) {
        auto const segment = rest.substr(0, rest.find('/'));
        rest.remove_prefix(std::min(rest.size(), segment.size() + 1));
        if (!segment.empty()) segments.push_back(segment);
        if (segments.size() > 5) return std::nullopt;
    }
    Resource resource;
    auto const count = segments.size();
    auto const fits = [&](std::size_t place, std::string_view word, std::string_view id) {
        if (count <= place) return true;
        if (segments[place] != word || (count > place + 1 && !names(segments[place + 1], id))) return false;
        resource.path += fmt::format("/{}", word);
        if (count > place + 1) resource.path += fmt::format("/{}", segments[place + 1]);
        return true;
    };
    if (!fits(1, "devices", name.device)) return std::nullopt;
    resource.device = count > 2;
    if (count > 3 && name.module.empty()) return std::nullopt;
    if (!fits(3, "modules", name.module)) return std::nullopt;
    resource.module = count > 4;
    return resource;
}

bool signed_by(crypto::SasToken const& token, crypto::Secret const& key) {
    // An identity without keys has an empty one, by which anybody can sign.
    return !key.bytes().empty() && crypto::verify(token, key.bytes(), Time{}).has_value();
}

Status verify_own_token(Work& work, crypto::SasToken const& token, Resource const& resource,
                        Name const& name) {
    if (!resource.device) return refuse("the shared access signature names no device, and no policy (skn)");
    TRY(auto const signer,
        find_identity(work, {.device = name.device, .module = resource.module ? name.module : ""}));
    static Authentication const nobody;
    auto const& keys = signer ? signer->identity.authentication : nobody;
    bool const primary = signed_by(token, keys.primary_key);
    if (!primary && !signed_by(token, keys.secondary_key))
        return refuse("the shared access signature was not made with this key");
    auto const& key = primary ? keys.primary_key : keys.secondary_key;
    if (auto const valid = crypto::verify(token, key.bytes(), work.now); !valid) return refuse(valid.error());
    return {};
}

/// None if either is missing.
Result<std::optional<Identity>> find_enabled(Work& work, Name const& name) {
    TRY(auto row, find_identity(work, name));
    if (!row || row->identity.status == DeviceStatus::Disabled) return std::optional<Identity>();
    if (!name.module.empty()) {
        TRY(auto const device, find_identity(work, {.device = name.device, .module = ""}));
        if (!device || device->identity.status == DeviceStatus::Disabled) return std::optional<Identity>();
    }
    return std::optional(std::move(row->identity));
}

}  // namespace

Result<Identity> need_enabled(Work& work, Name const& name) {
    TRY_STATUS(need_identity(work, name));
    TRY(auto identity, find_enabled(work, name));
    if (!identity) return refuse(fmt::format("{} is disabled, or its device is", describe(name)));
    return std::move(*identity);
}

Result<DeviceCaller> authenticate_device(Work& work, crypto::Keyring const& keyring, std::string_view text,
                                         Name const& name) {
    auto const token = crypto::parse_sas_token(text);
    if (!token) return refuse(token.error());
    auto const resource = find_resource(*token, name);
    if (!resource || !crypto::covers(*token, keyring.hosts(), resource->path))
        return refuse("the shared access signature is for another host, device or module (sr)");
    if (token->policy.empty()) {
        TRY_STATUS(verify_own_token(work, *token, *resource, name));
    } else {
        auto const rights = keyring.verify_policy_token(*token, resource->path, work.now);
        if (!rights) return refuse(rights.error());
        if (!rights->cover(crypto::Right::DeviceConnect))
            return refuse("the policy of the shared access signature does not allow DeviceConnect");
    }
    TRY(auto identity, find_enabled(work, name));
    if (!identity) return refuse(fmt::format("{} is disabled or not there", describe(name)));
    return DeviceCaller{.identity = std::move(*identity), .expires = token->expiry, .policy = token->policy};
}

}  // namespace ounce::iot
