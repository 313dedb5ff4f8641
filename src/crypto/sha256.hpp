#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.hpp"

namespace ounce::crypto {

using Sha256 = std::array<std::uint8_t, 32>;

/// FIPS 180-4. Any thread.
Sha256 sha256(ByteView content);

/// The same as 64 lower-case hexadecimal digits.
std::string sha256_hex(ByteView content);

/// The same over bytes that come in pieces. One thread.
class Sha256Stream {
  public:
    Sha256Stream();
    Sha256Stream(Sha256Stream&&) noexcept;
    Sha256Stream& operator=(Sha256Stream&&) noexcept;
    ~Sha256Stream();
    void add(ByteView bytes);
    /// To be called once.
    Sha256 finish();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace ounce::crypto
