#include "crypto/signed_url.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace ounce::crypto {
namespace {

constexpr Time kExpiry{std::chrono::seconds(1'700'000'000)};
Bytes const kKey(32, 7);

TEST(SignedUrl, AllowsItsPathUntilItsTimeAmongOtherParameters) {
    auto const query = sign_url(kKey, UrlAccess::Read, "/blob/a b/c.png", kExpiry);
    EXPECT_TRUE(verify_signed_url(kKey, UrlAccess::Read, "/blob/a b/c.png", query, kExpiry));
    EXPECT_TRUE(verify_signed_url(kKey, UrlAccess::Read, "/blob/a b/c.png",
                                  "timeout=30&" + query + "&comp=block&blockid=x%3D", kExpiry));
    auto const late = verify_signed_url(kKey, UrlAccess::Read, "/blob/a b/c.png", query,
                                        kExpiry + std::chrono::microseconds(1));
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code, Code::Unauthenticated);
}

TEST(SignedUrl, WriteIncludesReadButNotTheOtherWay) {
    auto const write = sign_url(kKey, UrlAccess::Write, "/p", kExpiry);
    EXPECT_TRUE(verify_signed_url(kKey, UrlAccess::Write, "/p", write, kExpiry));
    EXPECT_TRUE(verify_signed_url(kKey, UrlAccess::Read, "/p", write, kExpiry));
    auto const read = sign_url(kKey, UrlAccess::Read, "/p", kExpiry);
    EXPECT_FALSE(verify_signed_url(kKey, UrlAccess::Write, "/p", read, kExpiry));
}

TEST(SignedUrl, RefusesWhatWasChanged) {
    auto const good = sign_url(kKey, UrlAccess::Read, "/p", kExpiry);
    auto const with = [&](std::string_view from, std::string_view to) {
        auto changed = good;
        return changed.replace(changed.find(from), from.size(), to);
    };
    for (auto const& query : std::vector<std::string>{
             "", "se=1700000000", with("sp=r", "sp=rw"), with("1700000000", "1700000001"),
             with("sig=", "sig=A"), good + "A", good + "&sig=A", good + "&se=1800000000",
             with("1700000000", "99999999999999999999"), with("se=", "se=-")}) {
        EXPECT_FALSE(verify_signed_url(kKey, UrlAccess::Read, "/p", query, kExpiry)) << query;
    }
    EXPECT_FALSE(verify_signed_url(kKey, UrlAccess::Read, "/p/", good, kExpiry));
    EXPECT_FALSE(verify_signed_url(kKey, UrlAccess::Read, "/P", good, kExpiry));
    EXPECT_FALSE(verify_signed_url(Bytes(32, 8), UrlAccess::Read, "/p", good, kExpiry));
}

}  // namespace
}  // namespace ounce::crypto
