#include "crypto/base64.hpp"

#include <gtest/gtest.h>

namespace ounce::crypto {
namespace {

TEST(Base64, GivesAndReadsTheVectorsOfTheRfc) {
    struct Case {
        char const* plain;
        char const* text;
        char const* url;
    };
    for (auto const& [plain, text, url] :
         {Case{"", "", ""}, Case{"f", "Zg==", "Zg"}, Case{"fo", "Zm8=", "Zm8"}, Case{"foo", "Zm9v", "Zm9v"},
          Case{"foob", "Zm9vYg==", "Zm9vYg"}, Case{"fooba", "Zm9vYmE=", "Zm9vYmE"},
          Case{"foobar", "Zm9vYmFy", "Zm9vYmFy"}, Case{"\xfb\xef\xff", "++//", "--__"}}) {
        EXPECT_EQ(to_base64(as_bytes(plain)), text);
        EXPECT_EQ(as_text(parse_base64(text).value()), plain);
        EXPECT_EQ(to_base64url(as_bytes(plain)), url);
        EXPECT_EQ(as_text(parse_base64url(url).value()), plain);
    }
}

TEST(Base64, RefusesAllButTheOneSpelling) {
    for (auto const* const text : {"Zg", "Zg=", "Zg===", "=", "====", "Z===", "Zh==", "Zm9=", "Zm 9v",
                                   "Zm9v\n", "Zg==Zg==", "Zm-_", "Zm9\xc3", "Z=g="}) {
        EXPECT_FALSE(parse_base64(text)) << text;
    }
    for (auto const* const text : {"Zg==", "Zm8=", "Z", "Zh", "++//", "Zm9v Zg"})
        EXPECT_FALSE(parse_base64url(text)) << text;
}

TEST(Base64, ErrorDoesNotShowWhatMayBeAKey) {
    EXPECT_EQ(parse_base64("c2VjcmV0 key").error().message.find("c2Vj"), std::string::npos);
}

TEST(Base64, EveryByteComesBack) {
    Bytes bytes;
    for (int i = 0; i < 256; ++i) {
        bytes.push_back(static_cast<std::uint8_t>(i));
        EXPECT_EQ(parse_base64(to_base64(bytes)).value(), bytes);
        EXPECT_EQ(parse_base64url(to_base64url(bytes)).value(), bytes);
    }
}

}  // namespace
}  // namespace ounce::crypto
