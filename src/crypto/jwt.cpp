#include "crypto/jwt.hpp"

#include "crypto/base64.hpp"
#include "crypto/hmac.hpp"
#include "crypto/secret.hpp"

namespace ounce::crypto {
namespace {

constexpr int kDepthMax = 8;

tl::unexpected<Error> refuse(std::string_view why) {
    return fail(Code::Unauthenticated, "the access token {}; log in again", why);
}

/// One of the first two parts of a token.
Result<Json> parse_part(std::string_view text) {
    TRY(auto const bytes, parse_base64url(text));
    TRY(auto json, parse_json(as_text(bytes), kDepthMax));
    if (!json.is_object()) return fail(Code::InvalidArgument, "not an object");
    return json;
}

}  // namespace

std::string make_jwt(ByteView key, Json claims, Time expiry) {
    claims["exp"] = std::chrono::floor<std::chrono::seconds>(expiry).time_since_epoch().count();
    auto text = to_base64url(as_bytes(R"({"alg":"HS256","typ":"JWT"})")) + '.' +
                to_base64url(as_bytes(dump_json(claims)));
    auto const signature = to_base64url(hmac_sha256(key, as_bytes(text)));
    return text + '.' + signature;
}

Result<Json> verify_jwt(std::string_view token, ByteView key, Time now) {
    if (token.size() > kJwtBytesMax) return refuse("is too long");
    auto const first = token.find('.');
    auto const second = first == std::string_view::npos ? first : token.find('.', first + 1);
    if (second == std::string_view::npos) return refuse("is not a JSON Web Token");
    auto const signature = parse_base64url(token.substr(second + 1));
    if (!signature ||
        !equal_in_constant_time(ByteView(*signature), hmac_sha256(key, as_bytes(token.substr(0, second)))))
        return refuse("is not one of this hub");
    auto const header = parse_part(token.substr(0, first));
    auto claims = parse_part(token.substr(first + 1, second - first - 1));
    if (!header || json_member<std::string>(*header, "alg").value_or("") != "HS256" || !claims)
        return refuse("is not a JSON Web Token");
    auto const expiry = json_member<std::int64_t>(*claims, "exp");
    if (!expiry || std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count() >= *expiry)
        return refuse("has expired");
    return claims;
}

}  // namespace ounce::crypto
