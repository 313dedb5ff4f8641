#include "crypto/secret.hpp"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rand.h>

#include <climits>
#include <utility>

namespace ounce::crypto {

Result<Bytes> random_bytes(std::size_t count) {
    Bytes bytes(count);
    if (count > INT_MAX || RAND_bytes(bytes.data(), static_cast<int>(count)) != 1) {
        ERR_clear_error();
        return fail(Code::Internal, "the system gives no randomness");
    }
    return bytes;
}

bool equal_in_constant_time(ByteView a, ByteView b) {
    return a.size() == b.size() && (a.empty() || CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0);
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
    return equal_in_constant_time(as_bytes(a), as_bytes(b));
}

Secret& Secret::operator=(Secret const& other) {
    if (this != &other) *this = Secret(other);
    return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    other.wipe();
    return *this;
}

Result<Secret> Secret::random(std::size_t count) {
    TRY(auto bytes, random_bytes(count));
    return Secret(std::move(bytes));
}

void Secret::wipe() noexcept {
    if (!bytes_.empty()) OPENSSL_cleanse(bytes_.data(), bytes_.size());
    bytes_.clear();
}

}  // namespace ounce::crypto
