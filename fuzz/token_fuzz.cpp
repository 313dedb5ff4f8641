#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "crypto/base64.hpp"
#include "crypto/jwt.hpp"
#include "crypto/keyring.hpp"
#include "crypto/sas_token.hpp"
#include "crypto/signed_url.hpp"

namespace {

using namespace ounce;
using namespace ounce::crypto;

constexpr Time kNow{std::chrono::seconds(1'700'000'000)};

void expect(bool condition) {
    if (!condition) std::abort();
}

/// What is read has one spelling.
void read_base64(std::string_view text) {
    if (auto const bytes = parse_base64(text)) expect(to_base64(*bytes) == text);
    if (auto const bytes = parse_base64url(text)) expect(to_base64url(*bytes) == text);
}

/// Nobody without the key gets in, whatever they write.
void read_tokens(std::string_view text) {
    static Bytes const key = random_bytes(32).value();
    static std::vector<std::string> const hosts = {"hub.example"};
    if (auto const token = parse_sas_token(text)) {
        expect(!verify(*token, key, kNow));
        if (covers(*token, hosts, "devices/a") && !covers(*token, hosts, "devices/a/modules/m")) std::abort();
    }
    expect(!verify_jwt(text, key, kNow));
    expect(!verify_signed_url(key, UrlAccess::Read, "/a", text, kNow));
}

void read_keyring(std::string_view text) {
    auto const keyring = Keyring::parse(text);
    if (!keyring) return expect(!keyring.error().message.empty());
    auto const again = Keyring::parse(keyring->to_json());
    expect(again.has_value() && again->to_json() == keyring->to_json());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    auto const text = as_text({data, size});
    read_base64(text);
    read_tokens(text);
    read_keyring(text);
    return 0;
}
