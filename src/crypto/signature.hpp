#pragma once

#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace ounce::crypto {

/// An Ed25519 key pair (RFC 8032) as PEM: PKCS#8 private, SubjectPublicKeyInfo public.
struct KeyPair {
    std::string private_pem;
    std::string public_pem;
};

/// Errors: Internal if the system gives no randomness.
Result<KeyPair> make_key_pair();

/// 64 bytes. Errors: InvalidArgument if `private_pem` is no Ed25519 private key.
Result<Bytes> sign(std::string const& private_pem, ByteView content);

/// Whether `signature` is that of `content` by the key's owner.
/// Errors: InvalidArgument if `public_pem` is no Ed25519 public key.
Result<bool> verify(std::string const& public_pem, ByteView content, ByteView signature);

/// The public key that belongs to a private one. Errors as sign().
Result<std::string> public_key_of(std::string const& private_pem);

}  // namespace ounce::crypto
