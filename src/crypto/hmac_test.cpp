#include "crypto/hmac.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ounce::crypto {
namespace {

std::string hex(ByteView key, std::string_view text) {
    return to_hex(hmac_sha256(key, as_bytes(text)));
}

// RFC 4231, and an empty key by Python's hmac.
TEST(Hmac, GivesTheVectorsOfTheRfc) {
    EXPECT_EQ(hex(Bytes(20, 0x0b), "Hi There"),
              "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    EXPECT_EQ(hex(as_bytes("Jefe"), "what do ya want for nothing?"),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_EQ(hex(Bytes(131, 0xaa), "Test Using Larger Than Block-Size Key - Hash Key First"),
              "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    EXPECT_EQ(hex({}, ""), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

}  // namespace
}  // namespace ounce::crypto
