#include "crypto/sas_token.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ounce::crypto {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

Bytes key() {
    Bytes bytes;
    for (std::uint8_t i = 0; i < 32; ++i) bytes.push_back(i);
    return bytes;
}
constexpr Time kExpiry{seconds(1'700'003'600)};

// Made by Python's hmac: HMAC-SHA256(key, sr + "\n" + se), the key being the bytes 0 to 31.
constexpr char kDeviceToken[] =
    "SharedAccessSignature sr=hub.example%2Fdevices%2Fcam-7"
    "&sig=RXMenjPZ97UKKnR3IiEco4OZqsHqT8lWJ0LpR8H%2Bh7E%3D&se=1700003600";
constexpr char kServiceToken[] =
    "SharedAccessSignature sr=hub.example&sig=h%2B%2FR1GriZFYNvsA68IIpmVpZz%2Fmhpv0ZozqENwNxUlw%3D"
    "&skn=service&se=1700003600";

TEST(SasToken, ReadsAndVerifiesWhatOthersSigned) {
    auto const device = parse_sas_token(kDeviceToken);
    ASSERT_TRUE(device) << device.error().message;
    EXPECT_EQ(device->resource, "hub.example%2Fdevices%2Fcam-7");
    EXPECT_EQ(device->policy, "");
    EXPECT_EQ(device->expiry, kExpiry);
    EXPECT_TRUE(verify(*device, key(), kExpiry - seconds(1)));

    auto const service = parse_sas_token(kServiceToken);
    ASSERT_TRUE(service) << service.error().message;
    EXPECT_EQ(service->policy, "service");
    EXPECT_TRUE(verify(*service, key(), kExpiry - seconds(1)));
}

TEST(SasToken, SignsAsOthersDo) {
    EXPECT_EQ(sign_sas_token("hub.example/devices/cam-7", key(), "", kExpiry), kDeviceToken);
    auto const token = parse_sas_token(sign_sas_token("hub.example", key(), "a policy", kExpiry));
    ASSERT_TRUE(token);
    EXPECT_EQ(token->policy, "a policy");
    EXPECT_TRUE(verify(*token, key(), kExpiry));
}

TEST(SasToken, FieldsComeInAnyOrderAndOthersArePassedOver) {
    for (auto const* const text :
         {"SharedAccessSignature se=1700003600&skn=&sig=h%2b%2FR1GriZFYNvsA68IIpmVpZz%2fmhpv0ZozqENwNxUlw%3d&"
          "sr=hub.example",
          "SharedAccessSignature sig=h+/R1GriZFYNvsA68IIpmVpZz/mhpv0ZozqENwNxUlw=&x&se=1700003600&y=1&sr=hub."
          "example&"}) {
        auto const token = parse_sas_token(text);
        ASSERT_TRUE(token) << text << token.error().message;
        EXPECT_EQ(token->policy, "");
        EXPECT_TRUE(verify(*token, key(), kExpiry)) << text;
    }
}

TEST(SasToken, AnotherKeyOrAnyChangeIsRefused) {
    auto const good = parse_sas_token(kDeviceToken).value();
    EXPECT_FALSE(verify(good, Bytes(32, 1), kExpiry));
    EXPECT_FALSE(verify(good, {}, kExpiry));
    auto token = good;
    token.resource = "hub.example%2fdevices%2fcam-7";  // means the same, but is not what was signed
    EXPECT_FALSE(verify(token, key(), kExpiry));
    token = good;
    token.expiry_text = "1700003601";
    EXPECT_FALSE(verify(token, key(), kExpiry));
    token = good;
    token.signature[31] ^= 1;
    auto const refused = verify(token, key(), kExpiry);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::Unauthenticated);
}

TEST(SasToken, ExpiresAfterTheGraceAndSaysSo) {
    auto const token = parse_sas_token(kDeviceToken).value();
    EXPECT_TRUE(verify(token, key(), kExpiry + minutes(5)));
    auto const late = verify(token, key(), kExpiry + minutes(5) + std::chrono::microseconds(1));
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code, Code::Unauthenticated);
    EXPECT_NE(late.error().message.find("expired at 2023-11-14T23:13:20Z"), std::string::npos)
        << late.error().message;
    // Who does not have the key learns nothing of the time.
    EXPECT_EQ(verify(token, Bytes(32, 1), kExpiry + minutes(6)).error().message.find("expired"),
              std::string::npos);
}

TEST(SasToken, FarExpiryDoesNotOverflow) {
    for (auto const* const se : {"18446744073709551615", "99999999999999"}) {
        auto const token = parse_sas_token(fmt::format(
            "SharedAccessSignature sr=h&se={}&sig=h+/R1GriZFYNvsA68IIpmVpZz/mhpv0ZozqENwNxUlw=", se));
        ASSERT_TRUE(token) << se;
        EXPECT_EQ(to_iso8601(token->expiry, 0), "9999-12-31T23:59:59Z");
    }
}

TEST(SasToken, RefusesWhatIsNoToken) {
    std::string const sig = "&sig=h+/R1GriZFYNvsA68IIpmVpZz/mhpv0ZozqENwNxUlw=";
    std::string const head = "SharedAccessSignature ";
    for (auto const& text :
         std::vector<std::string>{"",
                                  "SharedAccessSignature",
                                  head,
                                  "sharedaccesssignature sr=h&se=1" + sig,
                                  head + "sr=h&se=1",
                                  head + "sr=h" + sig,
                                  head + "se=1" + sig,
                                  head + "sr=&se=1" + sig,
                                  head + "sr&se=1" + sig,
                                  head + "sr=h&se=" + sig,
                                  head + "sr=h&se=-1" + sig,
                                  head + "sr=h&se=1.5" + sig,
                                  head + "sr=h&se=18446744073709551616" + sig,
                                  head + "sr=h&se= 1" + sig,
                                  head + "sr=h&sr=h&se=1" + sig,
                                  head + "sr=h%&se=1" + sig,
                                  head + "sr=h%2&se=1" + sig,
                                  head + "sr=h%2g&se=1" + sig,
                                  head + "sr=h%+1&se=1" + sig,
                                  head + "sr=h&se=1&skn=%zz" + sig,
                                  head + "sr=h&se=1&sig=AAAA",
                                  head + "sr=h&se=1&sig=",
                                  head + "sr=h&se=1&sig=not base64",
                                  head + "sr=" + std::string(kSasTokenBytesMax, 'h') + "&se=1" + sig}) {
        auto const token = parse_sas_token(text);
        ASSERT_FALSE(token) << text;
        EXPECT_EQ(token.error().code, Code::Unauthenticated);
    }
}

TEST(SasToken, CoversItsResourceAndWhatIsBelow) {
    std::vector<std::string> const hosts = {"hub.example", "192.0.2.7", "::1"};
    struct Case {
        char const* resource;
        char const* path;
        bool covered;
    };
    for (auto const& [resource, path, covered] : {
             Case{"hub.example", "devices/a", true},
             Case{"hub.example", "", true},
             Case{"hub.example/", "/devices/a", true},
             Case{"HUB.Example", "devices/a", true},
             Case{"hub.example:8443", "devices/a", true},
             Case{"hub.example%3A8443%2Fdevices%2Fa", "devices/a", true},
             Case{"192.0.2.7:1/devices/a", "devices/a", true},
             Case{"[::1]:8443", "devices/a", true},
             Case{"[::1]", "devices/a", true},
             Case{"[", "devices/a", false},
             Case{"[]:8443", "devices/a", false},
             Case{"::1", "devices/a", true},
             Case{"hub.example%2Fdevices%2Fa", "devices/a", true},
             Case{"hub.example/devices/a/", "devices/a", true},
             Case{"hub.example/devices/a", "devices/a/modules/m", true},
             Case{"hub.example/devices/a", "devices/ab", false},
             Case{"hub.example/devices/a", "devices/A", false},
             Case{"hub.example/devices/a", "devices", false},
             Case{"hub.example/devices/a", "", false},
             Case{"hub.example/devices/a%2Fb", "devices/a", false},
             Case{"hub.example/devices/a%2523", "devices/a%23", true},
             Case{"hub.example.evil", "devices/a", false},
             Case{"evil/hub.example", "devices/a", false},
             Case{"hub.example:", "devices/a", false},
             Case{":8443", "devices/a", false},
             Case{"", "devices/a", false},
         }) {
        SasToken token;
        token.resource = resource;
        EXPECT_EQ(covers(token, hosts, path), covered) << resource << " for " << path;
    }
}

}  // namespace
}  // namespace ounce::crypto
