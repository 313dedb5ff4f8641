#include "crypto/sha1.hpp"

#include <openssl/evp.h>

#include <array>

#include "base/result.hpp"

namespace ounce::crypto {

std::string sha1_hex(ByteView content) {
    std::array<std::uint8_t, 20> digest{};
    unsigned int length = 0;
    OUNCE_CHECK(EVP_Digest(content.data(), content.size(), digest.data(), &length, EVP_sha1(), nullptr) == 1);
    return to_hex(digest);
}

}  // namespace ounce::crypto
