#include "crypto/sha256.hpp"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include "base/result.hpp"

namespace ounce::crypto {

Sha256 sha256(ByteView content) {
    Sha256 digest{};
    SHA256(content.data(), content.size(), digest.data());
    return digest;
}

std::string sha256_hex(ByteView content) {
    return to_hex(sha256(content));
}

struct Sha256Stream::State {
    struct Free {
        void operator()(EVP_MD_CTX* held) const { EVP_MD_CTX_free(held); }
    };
    std::unique_ptr<EVP_MD_CTX, Free> context{EVP_MD_CTX_new()};
};

Sha256Stream::Sha256Stream() : state_(std::make_unique<State>()) {
    OUNCE_CHECK(state_->context && EVP_DigestInit_ex(state_->context.get(), EVP_sha256(), nullptr) == 1);
}
Sha256Stream::Sha256Stream(Sha256Stream&&) noexcept = default;
Sha256Stream& Sha256Stream::operator=(Sha256Stream&&) noexcept = default;
Sha256Stream::~Sha256Stream() = default;

void Sha256Stream::add(ByteView bytes) {
    OUNCE_CHECK(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1);
}

Sha256 Sha256Stream::finish() {
    Sha256 digest{};
    OUNCE_CHECK(EVP_DigestFinal_ex(state_->context.get(), digest.data(), nullptr) == 1);
    return digest;
}

}  // namespace ounce::crypto
