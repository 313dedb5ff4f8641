#include "crypto/signature.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>

namespace ounce::crypto {
namespace {

constexpr std::size_t kPemBytesMax = 16 << 10;  // an Ed25519 key is about 120
constexpr std::size_t kSignatureBytes = 64;

struct KeyFree {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct ContextFree {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
struct BioFree {
    void operator()(BIO* bio) const { BIO_free(bio); }
};
using Key = std::unique_ptr<EVP_PKEY, KeyFree>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, ContextFree>;
using Memory = std::unique_ptr<BIO, BioFree>;

/// OpenSSL keeps its complaints in a queue of the thread: leaving them there would confuse the next caller.
void forget_library_errors() {
    ERR_clear_error();
}

/// Asked for by the PEM reader when a key is encrypted. Without it OpenSSL would prompt on the terminal.
int no_passphrase(char*, int, int, void*) {
    return -1;
}

enum class Part { Private, Public };

Result<Key> read_key(std::string const& pem, Part part) {
    auto const wanted = part == Part::Private ? "private" : "public";
    Key key;
    if (pem.size() <= kPemBytesMax) {
        Memory const bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
        if (bio)
            key.reset(part == Part::Private
                          ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr)
                          : PEM_read_bio_PUBKEY(bio.get(), nullptr, no_passphrase, nullptr));
    }
    forget_library_errors();
    if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_ED25519)
        return fail(Code::InvalidArgument,
                    "not an Ed25519 {} key in PEM form; 'ounce package keygen' makes a pair", wanted);
    return key;
}

Result<std::string> write_pem(EVP_PKEY* key, Part part) {
    Memory const bio(BIO_new(BIO_s_mem()));
    bool const written =
        bio && (part == Part::Private
                    ? PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr)
                    : PEM_write_bio_PUBKEY(bio.get(), key)) == 1;
    char* text = nullptr;
    auto const count = written ? BIO_get_mem_data(bio.get(), &text) : 0;
    if (count <= 0) {
        forget_library_errors();
        return fail(Code::Internal, "cannot write the key as PEM");
    }
    return std::string(text, static_cast<std::size_t>(count));
}

}  // namespace

Result<KeyPair> make_key_pair() {
    Key const key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    if (!key) {
        forget_library_errors();
        return fail(Code::Internal, "cannot make a key: the system gives no randomness");
    }
    TRY(auto private_pem, write_pem(key.get(), Part::Private));
    TRY(auto public_pem, write_pem(key.get(), Part::Public));
    return KeyPair{std::move(private_pem), std::move(public_pem)};
}

Result<Bytes> sign(std::string const& private_pem, ByteView content) {
    TRY(auto const key, read_key(private_pem, Part::Private));
    DigestContext const context(EVP_MD_CTX_new());
    Bytes signature(kSignatureBytes);
    auto size = signature.size();
    if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1 ||
        EVP_DigestSign(context.get(), signature.data(), &size, content.data(), content.size()) != 1 ||
        size != kSignatureBytes) {
        forget_library_errors();
        return fail(Code::Internal, "OpenSSL could not sign");
    }
    return signature;
}

Result<bool> verify(std::string const& public_pem, ByteView content, ByteView signature) {
    TRY(auto const key, read_key(public_pem, Part::Public));
    DigestContext const context(EVP_MD_CTX_new());
    if (!context || EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1) {
        forget_library_errors();
        return fail(Code::Internal, "OpenSSL could not begin to verify");
    }
    bool const matches = EVP_DigestVerify(context.get(), signature.data(), signature.size(), content.data(),
                                          content.size()) == 1;
    forget_library_errors();
    return matches;
}

Result<std::string> public_key_of(std::string const& private_pem) {
    TRY(auto const key, read_key(private_pem, Part::Private));
    return write_pem(key.get(), Part::Public);
}

}  // namespace ounce::crypto
