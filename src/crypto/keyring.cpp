#include "crypto/keyring.hpp"

#include <algorithm>
#include <array>

#include "base/json.hpp"
#include "crypto/base64.hpp"

namespace ounce::crypto {
namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr int kFormat = 1;

constexpr std::array kAllRights = {Right::RegistryRead,  Right::RegistryWrite, Right::ServiceConnect,
                                   Right::DeviceConnect, Right::Train,         Right::Predict,
                                   Right::ModelsRead,    Right::ModelsWrite};

struct Template {
    std::string_view name;
    Rights rights;
};
constexpr std::array kPolicies = {
    Template{"iothubowner", Rights::all()},
    Template{"service", Right::ServiceConnect | Right::ModelsRead},
    Template{"device", Right::DeviceConnect | Right::ModelsRead},
    Template{"registryRead", Right::RegistryRead},
    Template{"registryReadWrite", Right::RegistryRead | Right::RegistryWrite},
    Template{"training", Right::Train | Right::Predict | Right::ModelsRead | Right::ModelsWrite},
    Template{"prediction", Right::Predict | Right::ModelsRead},
};
/// Whose keys may come alone, without a name beside them.
constexpr std::array<std::string_view, 3> kHeaderKeyPolicies = {"training", "prediction", "iothubowner"};

bool is_key_of(std::string_view text, Policy const& policy) {
    // Both are looked at in any case, so that the time tells nothing.
    bool const primary = equal_in_constant_time(text, to_base64(policy.primary.bytes()));
    bool const secondary = equal_in_constant_time(text, to_base64(policy.secondary.bytes()));
    return primary || secondary;
}

Result<Secret> parse_key(Json const& object, char const* member) {
    TRY(auto const text, json_member<std::string>(object, member));
    auto bytes = parse_base64(text);
    if (!bytes || bytes->size() != kKeyBytes)
        return fail(Code::InvalidArgument, "'{}' is not the base64 of {} bytes", member, kKeyBytes);
    return Secret(std::move(*bytes));
}

Result<Rights> parse_rights(Json const& policy) {
    TRY(auto const names, json_member<std::vector<std::string>>(policy, "rights"));
    Rights rights;
    for (auto const& name : names) {
        auto const* const found = std::find_if(kAllRights.begin(), kAllRights.end(),
                                               [&](Right right) { return to_string(right) == name; });
        if (found == kAllRights.end()) return fail(Code::InvalidArgument, "there is no right '{}'", name);
        rights = rights | *found;
    }
    if (rights.cover(Right::RegistryWrite)) rights = rights | Right::RegistryRead;
    return rights;
}

Result<Policy> parse_policy(Json const& object) {
    TRY(auto name, json_member<std::string>(object, "name"));
    auto policy = [&]() -> Result<Policy> {
        TRY(auto primary, parse_key(object, "primary"));
        TRY(auto secondary, parse_key(object, "secondary"));
        TRY(auto const rights, parse_rights(object));
        return Policy{name, rights, std::move(primary), std::move(secondary)};
    }();
    if (!policy) return fail(policy.error().in(fmt::format("policy '{}'", name)));
    return policy;
}

}  // namespace

std::string_view to_string(Right right) {
    switch (right) {
        case Right::RegistryRead:
            return "RegistryRead";
        case Right::RegistryWrite:
            return "RegistryWrite";
        case Right::ServiceConnect:
            return "ServiceConnect";
        case Right::DeviceConnect:
            return "DeviceConnect";
        case Right::Train:
            return "Train";
        case Right::Predict:
            return "Predict";
        case Right::ModelsRead:
            return "ModelsRead";
        case Right::ModelsWrite:
            return "ModelsWrite";
    }
    return "";
}

Result<Keyring> Keyring::create(std::vector<std::string> hosts) {
    Keyring keyring;
    keyring.hosts_ = std::move(hosts);
    TRY(keyring.signing_key_, Secret::random(kKeyBytes));
    for (auto const& [name, rights] : kPolicies) {
        TRY(auto primary, Secret::random(kKeyBytes));
        TRY(auto secondary, Secret::random(kKeyBytes));
        keyring.policies_.push_back({std::string(name), rights, std::move(primary), std::move(secondary)});
    }
    return keyring;
}

Result<Keyring> Keyring::parse(std::string_view text) {
    TRY(auto const json, parse_json(text));
    TRY(auto const format, json_member<int>(json, "format"));
    if (format != kFormat)
        return fail(Code::FailedPrecondition, "'format' is {}, this ounce knows {}", format, kFormat);
    Keyring keyring;
    TRY(keyring.hosts_, json_member<std::vector<std::string>>(json, "hosts"));
    if (keyring.hosts_.empty()) return fail(Code::InvalidArgument, "'hosts' is empty");
    TRY(keyring.signing_key_, parse_key(json, "signingKey"));
    TRY(auto const policies, json_member<std::vector<Json>>(json, "policies"));
    for (auto const& object : policies) {
        TRY(auto policy, parse_policy(object));
        if (keyring.find_policy(policy.name))
            return fail(Code::InvalidArgument, "the policy '{}' is there twice", policy.name);
        keyring.policies_.push_back(std::move(policy));
    }
    for (auto const& needed : kPolicies)
        if (!keyring.find_policy(needed.name))
            return fail(Code::InvalidArgument, "the policy '{}' is missing", needed.name);
    return keyring;
}

std::string Keyring::to_json() const {
    OrderedJson json{{"format", kFormat}, {"hosts", hosts_}, {"signingKey", to_base64(signing_key_.bytes())}};
    for (auto const& policy : policies_) {
        auto rights = OrderedJson::array();
        for (auto const right : kAllRights)
            if (policy.rights.cover(right)) rights.push_back(to_string(right));
        json["policies"].push_back({{"name", policy.name},
                                    {"rights", std::move(rights)},
                                    {"primary", to_base64(policy.primary.bytes())},
                                    {"secondary", to_base64(policy.secondary.bytes())}});
    }
    return dump_json(json, 2) + "\n";
}

Keyring Keyring::with_hosts(std::vector<std::string> hosts) const {
    auto keyring = *this;
    keyring.hosts_ = std::move(hosts);
    return keyring;
}

Policy const* Keyring::find_policy(std::string_view name) const {
    auto const found = std::find_if(policies_.begin(), policies_.end(),
                                    [&](Policy const& policy) { return policy.name == name; });
    return found == policies_.end() ? nullptr : &*found;
}

std::optional<Rights> Keyring::rights_of_header_key(std::string_view text) const {
    for (auto const name : kHeaderKeyPolicies)
        if (auto const* const policy = find_policy(name); policy && is_key_of(text, *policy))
            return policy->rights;
    return std::nullopt;
}

std::optional<Rights> Keyring::rights_of_basic(std::string_view user, std::string_view password) const {
    auto const* const policy = find_policy(user);
    if (!policy || !is_key_of(password, *policy)) return std::nullopt;
    return policy->rights;
}

Result<Rights> Keyring::verify_policy_token(SasToken const& token, std::string_view path, Time now) const {
    auto const* const policy = find_policy(token.policy);
    if (!policy)
        return fail(Code::Unauthenticated, "the shared access signature names no policy of this hub (skn)");
    if (!covers(token, hosts_, path))
        return fail(Code::Unauthenticated,
                    "the shared access signature is for another host or resource (sr)");
    // First whose it is, then whether it is still good: an expired one is not to be called another's.
    bool const by_primary = verify(token, policy->primary.bytes(), Time{}).has_value();
    TRY_STATUS(verify(token, (by_primary ? policy->primary : policy->secondary).bytes(), now));
    return policy->rights;
}

std::string Keyring::connection_string(std::string_view host, Policy const& policy) {
    return fmt::format("HostName={};SharedAccessKeyName={};SharedAccessKey={}", host, policy.name,
                       to_base64(policy.primary.bytes()));
}

}  // namespace ounce::crypto
