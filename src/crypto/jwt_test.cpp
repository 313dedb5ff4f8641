#include "crypto/jwt.hpp"

#include <gtest/gtest.h>

#include "crypto/base64.hpp"
#include "crypto/hmac.hpp"

namespace ounce::crypto {
namespace {

constexpr Time kNow{std::chrono::seconds(1'700'000'000)};
Bytes const kKey(32, 7);

/// A token of ours but for what the caller puts in.
std::string token_of(std::string_view header, std::string_view claims, ByteView key = kKey) {
    auto const text = to_base64url(as_bytes(header)) + '.' + to_base64url(as_bytes(claims));
    return text + '.' + to_base64url(hmac_sha256(key, as_bytes(text)));
}

// The example of RFC 7515, appendix A.1: another writer's token, by its key.
TEST(Jwt, ReadsTheTokenOfTheRfc) {
    auto const key =
        parse_base64url(
            "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
            .value();
    auto const claims = verify_jwt(
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
        "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        key, Time(std::chrono::seconds(1'300'819'379)));
    ASSERT_TRUE(claims) << claims.error().message;
    EXPECT_EQ((*claims)["iss"], "joe");
}

TEST(Jwt, ClaimsComeBackUntilTheyExpire) {
    auto const token = make_jwt(kKey, {{"sub", "service"}, {"tid", "t"}}, kNow + std::chrono::hours(1));
    auto const claims = verify_jwt(token, kKey, kNow);
    ASSERT_TRUE(claims) << claims.error().message;
    EXPECT_EQ((*claims)["sub"], "service");
    EXPECT_EQ((*claims)["exp"], 1'700'003'600);
    EXPECT_TRUE(verify_jwt(token, kKey, kNow + std::chrono::seconds(3599)));
    auto const late = verify_jwt(token, kKey, kNow + std::chrono::seconds(3600));
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code, Code::Unauthenticated);
    EXPECT_NE(late.error().message.find("expired"), std::string::npos);
}

TEST(Jwt, AnyChangedCharacterIsRefused) {
    auto const token = make_jwt(kKey, {{"sub", "service"}}, kNow + std::chrono::hours(1));
    for (std::size_t i = 0; i < token.size(); ++i) {
        auto changed = token;
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        EXPECT_FALSE(verify_jwt(changed, kKey, kNow)) << i;
        EXPECT_FALSE(verify_jwt(token.substr(0, i), kKey, kNow)) << i;
    }
}

TEST(Jwt, RefusesOtherAlgorithmsAndShapes) {
    auto constexpr kHeader = R"({"alg":"HS256"})";
    ASSERT_TRUE(verify_jwt(token_of(kHeader, R"({"exp":1700000001})"), kKey, kNow));
    std::string const none = to_base64url(as_bytes(R"({"alg":"none"})")) + '.' +
                             to_base64url(as_bytes(R"({"exp":1700000001})")) + '.';
    for (auto const& token :
         {none, token_of(R"({"alg":"none"})", R"({"exp":1700000001})"),
          token_of(R"({"alg":"HS512"})", R"({"exp":1700000001})"), token_of("{}", R"({"exp":1700000001})"),
          token_of("[]", R"({"exp":1700000001})"), token_of(kHeader, "{}"), token_of(kHeader, "[]"),
          token_of(kHeader, R"({"exp":"1800000000"})"), token_of(kHeader, "nonsense"),
          token_of(kHeader, R"({"exp":1700000001})", Bytes(32, 8)), std::string(kJwtBytesMax + 1, 'a'),
          std::string(".."), std::string("a.b.c.d"), std::string()}) {
        auto const claims = verify_jwt(token, kKey, kNow);
        ASSERT_FALSE(claims) << token;
        EXPECT_EQ(claims.error().code, Code::Unauthenticated);
    }
}

}  // namespace
}  // namespace ounce::crypto
