#include "net/tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/bytes.hpp"
#include "base/file.hpp"
#include "net/tls_context.hpp"

namespace ounce::net {
namespace {

constexpr std::uint64_t kPemBytesMax = 1 << 20;

boost::asio::const_buffer buffer(Bytes const& bytes) {
    return {bytes.data(), bytes.size()};
}

/// A key behind a passphrase would make OpenSSL ask the terminal and wait.
std::string no_passphrase(std::size_t, boost::asio::ssl::context::password_purpose) {
    return {};
}

/// Makes `context` ready to show what is in the files.
Status fill(boost::asio::ssl::context& context, std::filesystem::path const& certificate_pem,
            std::filesystem::path const& key_pem) {
    TRY(auto const certificate, read_file(certificate_pem, kPemBytesMax));
    TRY(auto key, read_file(key_pem, kPemBytesMax));

    SSL_CTX* const native = context.native_handle();
    SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
    SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    // Idle devices cost memory: buffers of a quiet connection go back, and sessions are resumed by tickets
    // that the client keeps, not by a table here.
    SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(native, 1);

    boost::system::error_code failed;
    context.set_password_callback(no_passphrase, failed);
    if (!failed) context.use_certificate_chain(buffer(certificate), failed);
    if (failed) {
        ERR_clear_error();
        return fail(Code::InvalidArgument, "{}: not a certificate in PEM", certificate_pem.string());
    }
    context.use_private_key(buffer(key), boost::asio::ssl::context::pem, failed);
    OPENSSL_cleanse(key.data(), key.size());
    // A key of the certificate's kind is compared while it is loaded, one of another kind only when asked
    // for.
    auto const packed = static_cast<unsigned long>(failed.value());
    bool const is_key = !failed || (ERR_GET_LIB(packed) == ERR_LIB_X509 &&
                                    ERR_GET_REASON(packed) == X509_R_KEY_VALUES_MISMATCH);
    bool const belongs = !failed && SSL_CTX_check_private_key(native) == 1;
    ERR_clear_error();
    if (!is_key) return fail(Code::InvalidArgument, "{}: not a private key in PEM", key_pem.string());
    if (!belongs)
        return fail(Code::InvalidArgument, "{}: this key does not belong to the certificate {}",
                    key_pem.string(), certificate_pem.string());
    return {};
}

/// Called in each handshake of a server, whether the client named a host or not: the place where OpenSSL lets
/// a connection take another certificate than its context has.
int show_newer(SSL* connection, int* /*alert*/, void* state) {
    if (auto const newer = static_cast<TlsIdentity::State*>(state)->newer())
        SSL_set_SSL_CTX(connection, newer->native_handle());
    return SSL_TLSEXT_ERR_OK;
}

}  // namespace

Result<TlsIdentity> TlsIdentity::load(std::filesystem::path const& certificate_pem,
                                      std::filesystem::path const& key_pem) {
    auto state = std::make_shared<State>();
    TRY_STATUS(fill(state->context, certificate_pem, key_pem));
    SSL_CTX_set_tlsext_servername_callback(state->context.native_handle(), show_newer);
    SSL_CTX_set_tlsext_servername_arg(state->context.native_handle(), state.get());
    return TlsIdentity(std::move(state));
}

Status TlsIdentity::reload(std::filesystem::path const& certificate_pem,
                           std::filesystem::path const& key_pem) const {
    auto context = std::make_shared<State::Context>(State::Context::tls_server);
    TRY_STATUS(fill(*context, certificate_pem, key_pem));
    state_->set_newer(std::move(context));
    return {};
}

}  // namespace ounce::net
