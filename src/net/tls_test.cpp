#include "net/tls.hpp"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <memory>

#include "net/tls_context.hpp"
#include "net/tls_fixture_test.hpp"

namespace ounce::net {
namespace {

struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(SSL* connection) const { SSL_free(connection); }
    void operator()(X509* certificate) const { X509_free(certificate); }
};
using Certificate = std::unique_ptr<X509, Free>;

/// The certificate that a client is shown, the two being joined in memory. `named`: the client says a host.
Certificate shown_by(TlsIdentity const& identity, bool named) {
    std::unique_ptr<SSL_CTX, Free> const context(SSL_CTX_new(TLS_client_method()));
    std::unique_ptr<SSL, Free> const client(SSL_new(context.get()));
    std::unique_ptr<SSL, Free> const server(SSL_new(identity.state().context.native_handle()));
    BIO* left = nullptr;
    BIO* right = nullptr;
    BIO_new_bio_pair(&left, 0, &right, 0);
    SSL_set_bio(client.get(), left, left);
    SSL_set_bio(server.get(), right, right);
    SSL_set_connect_state(client.get());
    SSL_set_accept_state(server.get());
    if (named) SSL_set_tlsext_host_name(client.get(), "localhost");
    for (int step = 0; step < 10; ++step) {
        SSL_do_handshake(client.get());
        SSL_do_handshake(server.get());
    }
    EXPECT_TRUE(SSL_is_init_finished(client.get()) && SSL_is_init_finished(server.get()));
    return Certificate(SSL_get1_peer_certificate(client.get()));
}

TEST(TlsIdentity, LoadsTheCertificateAndItsKey) {
    TlsFixture const files;
    auto const identity = TlsIdentity::load(files.server_pem(), files.server_key());
    ASSERT_TRUE(identity) << identity.error().message;
}

TEST(TlsIdentity, ShowsWhatWasReloadedFromTheNextHandshakeOn) {
    TlsFixture const files;
    TlsFixture const renewed;
    auto const identity = files.identity();
    for (bool const named : {false, true}) {
        auto const before = shown_by(files.identity(), named);
        auto const after = shown_by(renewed.identity(), named);
        ASSERT_NE(X509_cmp(before.get(), after.get()), 0);

        ASSERT_TRUE(identity.reload(files.server_pem(), files.server_key()));
        EXPECT_EQ(X509_cmp(shown_by(identity, named).get(), before.get()), 0);
        ASSERT_TRUE(identity.reload(renewed.server_pem(), renewed.server_key()));
        EXPECT_EQ(X509_cmp(shown_by(identity, named).get(), after.get()), 0);
        EXPECT_FALSE(identity.reload(files.server_pem(), renewed.server_key()));
        EXPECT_EQ(X509_cmp(shown_by(identity, named).get(), after.get()), 0);
    }
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
