#include "crypto/hmac.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/result.hpp"

namespace ounce::crypto {

Sha256 hmac_sha256(ByteView key, ByteView text) {
    static constexpr std::uint8_t kNothing = 0;  // OpenSSL reads a null key as "the one used before"
    Sha256 digest{};
    unsigned size = 0;
    auto const* const made =
        HMAC(EVP_sha256(), key.empty() ? &kNothing : key.data(), static_cast<int>(key.size()), text.data(),
             text.size(), digest.data(), &size);
    OUNCE_CHECK(made != nullptr && size == digest.size());
    return digest;
}

}  // namespace ounce::crypto
