#include "crypto/signed_url.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "crypto/base64.hpp"
#include "crypto/hmac.hpp"
#include "crypto/secret.hpp"

namespace ounce::crypto {
namespace {

constexpr std::size_t kDigitsMax = 12;  // of seconds: beyond the year 30,000

Sha256 signature_of(ByteView key, std::string_view permission, std::string_view path,
                    std::string_view expiry) {
    // The word in front keeps these signatures apart from others by the same key.
    return hmac_sha256(key, as_bytes(fmt::format("url\n{}\n{}\n{}", permission, expiry, path)));
}

/// None if it is missing or there twice.
std::optional<std::string_view> find_parameter(std::string_view query, std::string_view name) {
    std::optional<std::string_view> found;
    while (!query.empty()) {
        auto const field = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(query.size(), field.size() + 1));
        auto const equals = field.find('=');
        if (equals == std::string_view::npos || field.substr(0, equals) != name) continue;
        if (found) return std::nullopt;
        found = field.substr(equals + 1);
    }
    return found;
}

std::optional<Time> parse_expiry(std::string_view text) {
    std::int64_t value = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.size() > kDigitsMax || error != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return Time(std::chrono::seconds(value));
}

}  // namespace

std::string sign_url(ByteView key, UrlAccess access, std::string_view path, Time expiry) {
    auto const seconds =
        fmt::format("{}", std::chrono::floor<std::chrono::seconds>(expiry).time_since_epoch().count());
    std::string_view const permission = access == UrlAccess::Read ? "r" : "rw";
    return fmt::format("se={}&sp={}&sig={}", seconds, permission,
                       to_base64url(signature_of(key, permission, path, seconds)));
}

Status verify_signed_url(ByteView key, UrlAccess access, std::string_view path, std::string_view query,
                         Time now) {
    auto const expiry = find_parameter(query, "se");
    auto const permission = find_parameter(query, "sp");
    auto const signature = parse_base64url(find_parameter(query, "sig").value_or(""));
    if (!expiry || !permission || !signature ||
        !equal_in_constant_time(ByteView(*signature), signature_of(key, *permission, path, *expiry)))
        return fail(Code::Unauthenticated, "this address is not signed by this hub, or it was changed");
    if (access == UrlAccess::Write && *permission != "rw")
        return fail(Code::Unauthenticated, "this address is signed for reading only");
    if (auto const time = parse_expiry(*expiry); !time || now > *time)
        return fail(Code::Unauthenticated, "this address has expired; ask the hub for a new one");
    return {};
}

}  // namespace ounce::crypto
