#include "crypto/sas_token.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/percent.hpp"
#include "crypto/base64.hpp"
#include "crypto/hmac.hpp"
#include "crypto/secret.hpp"

namespace ounce::crypto {
namespace {

using std::chrono::seconds;

constexpr std::string_view kScheme = "SharedAccessSignature ";
constexpr seconds kExpiryMax{253'402'300'799};  // the end of the year 9999

tl::unexpected<Error> refuse(std::string_view why) {
    return fail(Code::Unauthenticated, "the shared access signature {}", why);
}

char lower(char character) {
    return character >= 'A' && character <= 'Z' ? static_cast<char>(character + ('a' - 'A')) : character;
}

Sha256 signature_of(std::string_view resource, std::string_view expiry_text, ByteView key) {
    return hmac_sha256(key, as_bytes(fmt::format("{}\n{}", resource, expiry_text)));
}

std::optional<Time> parse_expiry(std::string_view text) {
    std::uint64_t value = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return Time(seconds(std::min<std::uint64_t>(value, kExpiryMax.count())));
}

std::optional<Sha256> parse_signature(std::string_view text) {
    auto const plain = percent_decode(text);
    if (!plain) return std::nullopt;
    auto const bytes = parse_base64(*plain);
    Sha256 signature{};
    if (!bytes || bytes->size() != signature.size()) return std::nullopt;
    std::copy(bytes->begin(), bytes->end(), signature.begin());
    return signature;
}

/// "hub.example:443" and "[::1]:443" without the port and the brackets.
std::string_view bare_host(std::string_view host) {
    if (host.starts_with('[')) return host.substr(1, std::min(host.find(']'), host.size()) - 1);
    auto const colon = host.find(':');
    bool const is_port = colon != std::string_view::npos && colon + 1 < host.size() &&
                         host.find_first_not_of("0123456789", colon + 1) == std::string_view::npos;
    return is_port ? host.substr(0, colon) : host;
}

bool same_host(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char left, char right) { return lower(left) == lower(right); });
}

std::string_view without_outer_slashes(std::string_view path) {
    while (path.starts_with('/')) path.remove_prefix(1);
    while (path.ends_with('/')) path.remove_suffix(1);
    return path;
}

}  // namespace

Result<SasToken> parse_sas_token(std::string_view text) {
    if (text.size() > kSasTokenBytesMax) return refuse("is too long");
    if (!text.starts_with(kScheme)) return refuse("does not begin with 'SharedAccessSignature '");
    text.remove_prefix(kScheme.size());

    std::optional<std::string_view> resource;
    std::optional<std::string_view> signature;
    std::optional<std::string_view> expiry;
    std::optional<std::string_view> policy;
    while (!text.empty()) {
        auto const field = text.substr(0, text.find('&'));
        text.remove_prefix(std::min(text.size(), field.size() + 1));
        auto const equals = std::min(field.find('='), field.size());
        auto const name = field.substr(0, equals);
        auto* const place = name == "sr"    ? &resource
                            : name == "sig" ? &signature
                            : name == "se"  ? &expiry
                            : name == "skn" ? &policy
                                            : nullptr;
        if (!place) continue;
        if (*place) return refuse("says the same field twice");
        *place = field.substr(std::min(equals + 1, field.size()));
    }
    if (!resource || resource->empty()) return refuse("has no resource (sr)");
    if (!signature) return refuse("has no signature (sig)");
    if (!expiry) return refuse("has no expiry (se)");

    SasToken token;
    token.resource = *resource;
    token.expiry_text = *expiry;
    if (!percent_decode(*resource)) return refuse("has a resource (sr) that is wrongly coded");
    auto const time = parse_expiry(*expiry);
    if (!time) return refuse("has an expiry (se) that is not a number of seconds");
    token.expiry = *time;
    auto const digest = parse_signature(*signature);
    if (!digest) return refuse("has a signature (sig) that is not the base64 of 32 bytes");
    token.signature = *digest;
    auto decoded_policy = percent_decode(policy.value_or(""));
    if (!decoded_policy) return refuse("has a policy (skn) that is wrongly coded");
    token.policy = std::move(*decoded_policy);
    return token;
}

Status verify(SasToken const& token, ByteView key, Time now) {
    if (!equal_in_constant_time(signature_of(token.resource, token.expiry_text, key), token.signature))
        return refuse("was not made with this key");
    if (now > token.expiry + kSasTokenGrace)
        return refuse(fmt::format("expired at {}; look at the clocks of both machines, here it is {}",
                                  to_iso8601(token.expiry, 0), to_iso8601(now, 0)));
    return {};
}

bool covers(SasToken const& token, std::span<std::string const> hosts, std::string_view path) {
    auto const resource = percent_decode(token.resource);
    if (!resource) return false;
    auto const slash = std::min(resource->find('/'), resource->size());
    auto const host = bare_host(std::string_view(*resource).substr(0, slash));
    auto const known = [&](std::string const& name) { return same_host(host, name); };
    if (std::none_of(hosts.begin(), hosts.end(), known)) return false;
    auto const granted = without_outer_slashes(std::string_view(*resource).substr(slash));
    auto const asked = without_outer_slashes(path);
    return granted.empty() ||
           (asked.starts_with(granted) && (asked.size() == granted.size() || asked[granted.size()] == '/'));
}

std::string sign_sas_token(std::string_view resource, ByteView key, std::string_view policy, Time expiry) {
    auto const coded = percent_encode(resource);
    auto const expiry_text =
        fmt::format("{}", std::chrono::floor<seconds>(expiry).time_since_epoch().count());
    auto const signature = to_base64(signature_of(coded, expiry_text, key));
    auto token = fmt::format("{}sr={}&sig={}&se={}", kScheme, coded, percent_encode(signature), expiry_text);
    if (!policy.empty()) token += "&skn=" + percent_encode(policy);
    return token;
}

}  // namespace ounce::crypto
