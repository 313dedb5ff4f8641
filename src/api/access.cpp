#include "api/access.hpp"

#include <algorithm>
#include <array>

#include "crypto/base64.hpp"
#include "crypto/jwt.hpp"
#include "crypto/sas_token.hpp"

namespace ounce::api {
namespace {

constexpr std::string_view kSharedAccess = "SharedAccessSignature";
constexpr std::array<std::string_view, 3> kKeyHeaders{"Training-Key", "Prediction-Key",
                                                      "Ocp-Apim-Subscription-Key"};
constexpr std::array kRights{crypto::Right::RegistryRead,   crypto::Right::RegistryWrite,
                             crypto::Right::ServiceConnect, crypto::Right::DeviceConnect,
                             crypto::Right::Train,          crypto::Right::Predict,
                             crypto::Right::ModelsRead,     crypto::Right::ModelsWrite};

struct Authorization {
    std::string_view scheme;
    std::string_view value;
};

Authorization split(std::string_view header) {
    auto const space = std::min(header.find(' '), header.size());
    auto value = header.substr(space);
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    return {header.substr(0, space), value};
}

Result<Principal> by_shared_access(std::string_view header, std::string_view path,
                                   crypto::Keyring const& keyring, Time now) {
    TRY(auto const token, crypto::parse_sas_token(header));
    if (token.policy.empty())
        return fail(Code::Unauthenticated,
                    "a device's own token does not open this: sign with a policy's key");
    TRY(auto const rights, keyring.verify_policy_token(token, path, now));
    return Principal{.name = token.policy, .rights = rights, .device = {}, .module = {}};
}

Result<Principal> by_basic(std::string_view value, crypto::Keyring const& keyring) {
    auto const wrong = [] {
        return fail(Code::Unauthenticated, "the user's name and key do not belong together");
    };
    auto const decoded = crypto::parse_base64(value);
    if (!decoded) return wrong();
    auto const text = as_text(*decoded);
    auto const colon = text.find(':');
    if (colon == std::string_view::npos) return wrong();
    auto const rights = keyring.rights_of_basic(text.substr(0, colon), text.substr(colon + 1));
    if (!rights) return wrong();
    return Principal{
        .name = std::string(text.substr(0, colon)), .rights = *rights, .device = {}, .module = {}};
}

Result<Principal> by_bearer(std::string_view value, crypto::Keyring const& keyring, Time now) {
    TRY(auto const claims, crypto::verify_jwt(value, keyring.signing_key(), now));
    auto const name = json_member<std::string>(claims, "sub");
    auto const names = json_member<std::vector<std::string>>(claims, "rights");
    if (!name || !names) return fail(Code::Unauthenticated, "this token opens nothing here");
    Principal principal{.name = *name, .rights = {}, .device = {}, .module = {}};
    for (auto const right : kRights) {
        if (std::ranges::find(*names, crypto::to_string(right)) != names->end())
            principal.rights = principal.rights | right;
    }
    return principal;
}

}  // namespace

Result<Principal> authenticate(net::RequestHead const& head, std::string_view path,
                               crypto::Keyring const& keyring, Time now) {
    if (auto const header = head.headers.find("Authorization")) {
        auto const [scheme, value] = split(*header);
        if (scheme == kSharedAccess) return by_shared_access(*header, path, keyring, now);
        if (net::same_name(scheme, "Basic")) return by_basic(value, keyring);
        if (net::same_name(scheme, "Bearer")) return by_bearer(value, keyring, now);
        return fail(Code::Unauthenticated,
                    "the Authorization header must begin with SharedAccessSignature, Bearer or Basic");
    }
    for (auto const name : kKeyHeaders) {
        auto const key = head.headers.find(name);
        if (!key) continue;
        auto const rights = keyring.rights_of_header_key(*key);
        if (!rights) return fail(Code::Unauthenticated, "{} is not a key of this hub", name);
        return Principal{.name = std::string(name), .rights = *rights, .device = {}, .module = {}};
    }
    return fail(Code::Unauthenticated, "this needs a key: none was sent");
}

bool has_device_token(net::RequestHead const& head) {
    auto const header = head.headers.find("Authorization");
    if (!header || split(*header).scheme != kSharedAccess) return false;
    auto const token = crypto::parse_sas_token(*header);
    return token && token->policy.empty();
}

Status require(Principal const& principal, crypto::Right right) {
    if (principal.rights.cover(right)) return {};
    return fail(Code::PermissionDenied, "'{}' has no right to this: it needs {}", principal.name,
                crypto::to_string(right));
}

std::vector<std::string> right_names(crypto::Rights rights) {
    std::vector<std::string> names;
    for (auto const right : kRights) {
        if (rights.cover(right)) names.emplace_back(crypto::to_string(right));
    }
    return names;
}

std::string make_bearer(crypto::Keyring const& keyring, Principal const& principal, Json claims,
                        Time expiry) {
    claims["sub"] = principal.name;
    claims["rights"] = right_names(principal.rights);
    return crypto::make_jwt(keyring.signing_key(), std::move(claims), expiry);
}

}  // namespace ounce::api
