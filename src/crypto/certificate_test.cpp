#include "crypto/certificate.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/bytes.hpp"
#include "base/file.hpp"

namespace ounce::crypto {
namespace {

using std::chrono::days;

class CertificateTest : public testing::Test {
  protected:
    /// What the program `openssl` says of the server certificate as one for `host`, at the present.
    bool openssl_accepts(std::string const& host, bool address = false) const {
        EXPECT_TRUE(write_file(folder_.path() / "ca.pem", as_bytes(authority_.certificate_pem)));
        EXPECT_TRUE(write_file(folder_.path() / "server.pem", as_bytes(server_.certificate_pem)));
        auto const command = fmt::format(
            "openssl verify -x509_strict -purpose sslserver -verify_{} '{}' -CAfile '{}' '{}' >/dev/null "
            "2>&1",
            address ? "ip" : "hostname", host, (folder_.path() / "ca.pem").string(),
            (folder_.path() / "server.pem").string());
        return std::system(command.c_str()) == 0;
    }

    TemporaryFolder folder_ = TemporaryFolder::create().value();
    Time now_ = system_clock().now();
    std::vector<std::string> hosts_ = {"Hub.example", "localhost", "192.0.2.7", "::1"};
    CertifiedKey authority_ = make_authority("Ounce hub of hub.example", now_).value();
    CertifiedKey server_ = make_server_certificate(authority_, hosts_, now_).value();
};

TEST_F(CertificateTest, OpensslAcceptsItsHostsAndNoOther) {
    EXPECT_TRUE(openssl_accepts("hub.example"));
    EXPECT_TRUE(openssl_accepts("localhost"));
    EXPECT_TRUE(openssl_accepts("192.0.2.7", true));
    EXPECT_TRUE(openssl_accepts("::1", true));
    EXPECT_FALSE(openssl_accepts("other.example"));
    EXPECT_FALSE(openssl_accepts("192.0.2.8", true));
}

TEST_F(CertificateTest, AnotherAuthorityIsNotBelieved) {
    authority_ = make_authority("Ounce hub of hub.example", now_).value();
    EXPECT_FALSE(openssl_accepts("localhost"));
}

TEST_F(CertificateTest, OldOneIsNotBelieved) {
    server_ = make_server_certificate(authority_, hosts_, now_ - kServerLifetime - days(1)).value();
    EXPECT_FALSE(openssl_accepts("localhost"));
}

TEST_F(CertificateTest, ClientWhoseClockIsAnHourBehindAcceptsIt) {
    server_ = make_server_certificate(authority_, hosts_, now_ + std::chrono::hours(1)).value();
    EXPECT_TRUE(openssl_accepts("localhost"));
}

TEST_F(CertificateTest, FactsAreReadBack) {
    auto const facts = parse_certificate(server_.certificate_pem);
    ASSERT_TRUE(facts) << facts.error().message;
    EXPECT_EQ(facts->hosts, (std::vector<std::string>{"hub.example", "localhost", "192.0.2.7", "::1"}));
    EXPECT_EQ(facts->expires, std::chrono::floor<std::chrono::seconds>(now_) + kServerLifetime);
    EXPECT_EQ(facts->sha256_hex.size(), 64U);
    auto const authority = parse_certificate(authority_.certificate_pem).value();
    EXPECT_TRUE(authority.hosts.empty());
    EXPECT_NE(authority.sha256_hex, facts->sha256_hex);
}

TEST_F(CertificateTest, EachHasAKeyOfItsOwn) {
    EXPECT_NE(server_.private_key_pem, authority_.private_key_pem);
    EXPECT_NE(make_server_certificate(authority_, hosts_, now_)->private_key_pem, server_.private_key_pem);
}

TEST_F(CertificateTest, RefusesWhatIsNoHost) {
    for (auto const& host :
         std::vector<std::string>{"", " ", "a b", "hub.example,DNS:evil", "hub..example", ".", "hub.example.",
                                  "-hub", "hub-", "https://hub", "hub:443", "*.example", "256.1.1.1", "1.2.3",
                                  "::g", std::string(64, 'a'), std::string(254, 'a')}) {
        EXPECT_FALSE(parse_host(host)) << host;
        std::vector<std::string> const hosts = {"localhost", host};
        auto const made = make_server_certificate(authority_, hosts, now_);
        ASSERT_FALSE(made) << host;
        EXPECT_EQ(made.error().code, Code::InvalidArgument);
    }
    for (auto const* const host :
         {"hub", "a.b", "hub_1.local", "10.0.0.1", "fe80::1", "xn--bcher-kva.example"})
        EXPECT_EQ(parse_host(host).value_or("none"), host);
    EXPECT_FALSE(make_server_certificate(authority_, {}, now_));
}

TEST_F(CertificateTest, HostsHaveOneSpelling) {
    EXPECT_EQ(parse_host("Hub.EXAMPLE").value(), "hub.example");
    EXPECT_EQ(parse_host("0:0:0::1").value(), "::1");
    EXPECT_EQ(parse_host("FE80::A").value(), "fe80::a");
}

TEST_F(CertificateTest, PairIsCertificateAndItsOwnKey) {
    EXPECT_TRUE(is_pair(server_));
    EXPECT_TRUE(is_pair(authority_));
    EXPECT_FALSE(is_pair({server_.certificate_pem, authority_.private_key_pem}));
    EXPECT_FALSE(is_pair({server_.certificate_pem, ""}));
    EXPECT_FALSE(is_pair({}));
}

TEST_F(CertificateTest, RefusesAnAuthorityThatIsNone) {
    auto const refused = [&](CertifiedKey const& authority) {
        return make_server_certificate(authority, hosts_, now_).error().code == Code::InvalidArgument;
    };
    EXPECT_TRUE(refused({}));
    EXPECT_TRUE(refused({authority_.certificate_pem, server_.private_key_pem}));
    EXPECT_TRUE(refused({authority_.certificate_pem, "nonsense"}));
    EXPECT_FALSE(parse_certificate("nonsense"));
    EXPECT_FALSE(parse_certificate(std::string(1 << 20, 'x')));
    EXPECT_FALSE(parse_certificate(authority_.private_key_pem));
}

}  // namespace
}  // namespace ounce::crypto
