#include "net/tls.hpp"

#include <gtest/gtest.h>

#include "net/tls_fixture_test.hpp"

namespace ounce::net {
namespace {

TEST(TlsIdentity, LoadsTheCertificateAndItsKey) {
    TlsFixture const files;
    auto const identity = TlsIdentity::load(files.server_pem(), files.server_key());
    ASSERT_TRUE(identity) << identity.error().message;
}

TEST(TlsIdentity, RefusesFilesThatAreNotACertificateAndItsKey) {
    TlsFixture const files;
    TlsFixture const others;
    auto const garbage = files.folder() / "garbage";
    ASSERT_TRUE(write_file(garbage, as_bytes("-----BEGIN CERTIFICATE-----\nnothing\n")));
    struct {
        char const* what;
        std::filesystem::path certificate, key;
        Code code;
        char const* says;
    } const cases[] = {
        {"no certificate", files.folder() / "none", files.server_key(), Code::NotFound, "none"},
        {"no key", files.server_pem(), files.folder() / "none", Code::NotFound, "none"},
        {"bad certificate", garbage, files.server_key(), Code::InvalidArgument, "not a certificate"},
        {"bad key", files.server_pem(), garbage, Code::InvalidArgument, "not a private key"},
        {"another's key", files.server_pem(), others.server_key(), Code::InvalidArgument, "does not belong"},
    };
    for (auto const& c : cases) {
        SCOPED_TRACE(c.what);
        auto const identity = TlsIdentity::load(c.certificate, c.key);
        ASSERT_FALSE(identity);
        EXPECT_EQ(identity.error().code, c.code);
        EXPECT_NE(identity.error().message.find(c.says), std::string::npos) << identity.error().message;
    }
}

}  // namespace
}  // namespace ounce::net
