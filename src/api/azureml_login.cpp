#include <chrono>

#include "api/access.hpp"
#include "api/azureml_errors.hpp"
#include "api/azureml_services.hpp"
#include "api/azureml_urls.hpp"
#include "base/log.hpp"
#include "wire/url.hpp"

namespace ounce::api {
namespace {

constexpr std::chrono::hours kTokenLife{1};

/// Everything the login library wants to know before it asks for a token. Cheap: asked before nearly every
/// call of an interactive session.
Result<Response> configuration(AzureMlServices&, Call& call) {
    auto const base = hub_url(call) + "/adfs/" + percent_encode(call.parameter("tenant"));
    return json_response(Json({{"issuer", base},
                               {"authorization_endpoint", base + "/oauth2/authorize"},
                               {"token_endpoint", base + "/oauth2/token"},
                               {"device_authorization_endpoint", base + "/oauth2/devicecode"}}));
}

/// The credential of a service principal: a policy's name, or `training`, and its key.
Result<Principal> check_secret(AzureMlServices& services, Call const& call) {
    TRY(auto const form, wire::Query::parse(as_text(call.request.body), wire::Plus::IsSpace));
    if (form.find("grant_type").value_or("") != "client_credentials")
        return fail_as(
            Code::InvalidArgument, "unsupported_grant_type",
            "log in with ServicePrincipalAuthentication: the name of a key of this hub as its id and "
            "the key as its password");
    auto const now = services.clock.instant();
    if (!services.logins.allows(call.request.peer, now))
        return fail_as(Code::Unauthenticated, "invalid_client",
                       "too many wrong keys from this address: wait a minute and try again");
    auto const user = form.find("client_id").value_or("");
    auto const rights = services.keyring.rights_of_basic(user, form.find("client_secret").value_or(""));
    if (!rights) {
        services.logins.failed(call.request.peer, now);
        // Anything but a name of ours may be a key in the wrong place.
        std::string_view const name = services.keyring.find_policy(user) != nullptr ? user : "unknown";
        log_warning("login failed", {{"wire", "azureml"}, {"user", name}, {"peer", call.request.peer}});
        return fail_as(
            Code::Unauthenticated, "invalid_client",
            "the id and its password do not belong together: the id is the name of a key of this hub, "
            "such as 'training', and the password that key");
    }
    services.logins.succeeded(call.request.peer);
    return Principal{.name = std::string(user), .rights = *rights, .device = {}, .module = {}};
}

Result<Response> token(AzureMlServices& services, Call& call) {
    TRY(auto const principal, check_secret(services, call));
    auto const now = services.clock.now();
    // The SDK reads exp and tid, and breaks without them.
    Json claims = {{"iss", hub_url(call) + "/adfs/" + percent_encode(call.parameter("tenant"))},
                   {"aud", hub_url(call) + "/"},
                   {"tid", call.parameter("tenant")},
                   {"oid", principal.name},
                   {"appid", principal.name},
                   {"iat", std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count()}};
    auto response = json_response(
        Json({{"access_token", make_bearer(services.keyring, principal, std::move(claims), now + kTokenLife)},
              {"token_type", "Bearer"},
              {"expires_in", std::chrono::seconds(kTokenLife).count()}}));
    response.headers.add("Cache-Control", "no-store");
    return response;
}

}  // namespace

RouteGroup azureml_login_routes(std::shared_ptr<AzureMlServices> const& services) {
    constexpr net::BodyPlan kForm{net::BodyPlan::To::Memory, 16 << 10};
    return {"azureml-login",
            "/adfs",
            azureml_login_error,
            {
                {"GET",
                 "/adfs/{tenant}/.well-known/openid-configuration",
                 Access::Anyone,
                 {},
                 kAzureMlNoBody,
                 with(services, configuration)},
                {"POST", "/adfs/{tenant}/oauth2/token", Access::Anyone, {}, kForm, with(services, token)},
            }};
}

}  // namespace ounce::api
