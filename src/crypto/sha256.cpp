#include "crypto/sha256.hpp"

#include <openssl/sha.h>

namespace ounce::crypto {

Sha256 sha256(ByteView content) {
    Sha256 digest{};
    SHA256(content.data(), content.size(), digest.data());
    return digest;
}

std::string sha256_hex(ByteView content) {
    return to_hex(sha256(content));
}

}  // namespace ounce::crypto
