#include "crypto/sha1.hpp"

#include <gtest/gtest.h>

namespace ounce::crypto {
namespace {

TEST(Sha1, GivesThePublishedDigests) {  // FIPS 180, appendix A
    EXPECT_EQ(sha1_hex(as_bytes("abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
    EXPECT_EQ(sha1_hex({}), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
}

}  // namespace
}  // namespace ounce::crypto
