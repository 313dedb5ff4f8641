#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/route.hpp"
#include "base/clock.hpp"
#include "crypto/keyring.hpp"
#include "net/http.hpp"

namespace ounce::api {

/// Who sent a request, by the first of these credentials that it has:
///   Authorization: SharedAccessSignature …   a token of a policy (skn), for the host or the path asked for
///   Authorization: Basic …                   a policy's name and one of its keys
///   Authorization: Bearer …                  a token that make_bearer() made
///   Training-Key, Prediction-Key, Ocp-Apim-Subscription-Key: …   one of the hub's keys
/// `path` is decoded, without '/' in front. Pure; any thread. Errors: Unauthenticated, without the
/// credential.
Result<Principal> authenticate(net::RequestHead const& head, std::string_view path,
                               crypto::Keyring const& keyring, Time now);

/// Whether the request shows a token that a device's or module's own key signed, which only the iot domain
/// can check.
bool has_device_token(net::RequestHead const& head);

/// PermissionDenied, naming the right and who lacks it, unless the principal has it.
Status require(Principal const& principal, crypto::Right right);

/// The names of the rights, in the order of crypto::Right.
std::vector<std::string> right_names(crypto::Rights rights);

/// A bearer token (crypto/jwt.hpp) by which `principal` is known until `expiry`; `claims` is an object of
/// what else its wire wants to read in it.
std::string make_bearer(crypto::Keyring const& keyring, Principal const& principal, Json claims, Time expiry);

}  // namespace ounce::api
