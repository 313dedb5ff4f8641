#include "crypto/signature.hpp"

#include <gtest/gtest.h>

#include "base/bytes.hpp"

namespace ounce::crypto {
namespace {

// RFC 8032 section 7.1, test 2: the keys wrapped as PKCS#8 and SubjectPublicKeyInfo (RFC 8410), which for
// Ed25519 is a fixed head of 16 or 12 bytes before the 32 bytes of the RFC.
constexpr char kPrivatePem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIEzNCJso/5banbbDRuwRTg9bijGfNaumJNqM9u1PuKb7\n"
    "-----END PRIVATE KEY-----\n";
constexpr char kPublicPem[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VwAyEAPUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=\n"
    "-----END PUBLIC KEY-----\n";
constexpr char kSignature[] =
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";

TEST(Signature, IsTheOneOfTheRfc) {
    auto const signature = sign(kPrivatePem, as_bytes("\x72"));
    ASSERT_TRUE(signature) << signature.error().message;
    EXPECT_EQ(to_hex(*signature), kSignature);
    EXPECT_TRUE(verify(kPublicPem, as_bytes("\x72"), *signature).value());
}

TEST(Signature, PublicKeyOfGivesThePairsOther) {
    EXPECT_EQ(public_key_of(kPrivatePem).value(), kPublicPem);
}

TEST(Signature, FreshPairSignsAndVerifiesButNotForAnotherTextKeyOrLength) {
    auto const pair = make_key_pair();
    ASSERT_TRUE(pair);
    auto const signature = sign(pair->private_pem, as_bytes("text"));
    ASSERT_TRUE(signature);
    EXPECT_TRUE(verify(pair->public_pem, as_bytes("text"), *signature).value());
    EXPECT_FALSE(verify(pair->public_pem, as_bytes("texT"), *signature).value());
    EXPECT_FALSE(verify(kPublicPem, as_bytes("text"), *signature).value());
    EXPECT_FALSE(verify(pair->public_pem, as_bytes("text"), ByteView(*signature).first(63)).value());
    EXPECT_FALSE(verify(pair->public_pem, as_bytes("text"), {}).value());
    auto longer = *signature;
    longer.push_back(0);
    EXPECT_FALSE(verify(pair->public_pem, as_bytes("text"), longer).value());
}

TEST(Signature, SignsNothingAtAll) {
    auto const signature = sign(kPrivatePem, {});
    ASSERT_TRUE(signature);
    EXPECT_TRUE(verify(kPublicPem, {}, *signature).value());
}

TEST(Signature, RefusesWhatIsNoKey) {
    EXPECT_EQ(sign("nonsense", {}).error().code, Code::InvalidArgument);
    EXPECT_EQ(sign(kPublicPem, {}).error().code, Code::InvalidArgument);
    EXPECT_EQ(verify(kPrivatePem, {}, {}).error().code, Code::InvalidArgument);
    EXPECT_EQ(verify("", {}, {}).error().code, Code::InvalidArgument);
    EXPECT_EQ(public_key_of(std::string(1 << 20, 'x')).error().code, Code::InvalidArgument);
    // A P-256 key is a key, but not for Ed25519.
    EXPECT_EQ(verify("-----BEGIN PUBLIC KEY-----\n"
                     "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt\n"
                     "6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==\n"
                     "-----END PUBLIC KEY-----\n",
                     {}, {})
                  .error()
                  .code,
              Code::InvalidArgument);
}

}  // namespace
}  // namespace ounce::crypto
