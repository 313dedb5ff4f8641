#pragma once

#include <cstddef>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace ounce::crypto {

/// Random bytes from the operating system, good for keys. Any thread.
/// Errors: Internal if the system gives none.
Result<Bytes> random_bytes(std::size_t count);

/// Whether both are the same, in a time that depends on the lengths alone. For all that an outsider may guess
/// at: keys, signatures, tokens.
bool equal_in_constant_time(ByteView a, ByteView b);
bool equal_in_constant_time(std::string_view a, std::string_view b);

/// Bytes of a key. They are wiped when the object goes, and nothing formats, prints or compares them by
/// accident: whoever needs them says `bytes()`. Values, copies included; one thread at a time.
class Secret {
  public:
    Secret() = default;
    explicit Secret(Bytes bytes) : bytes_(std::move(bytes)) {}
    Secret(Secret const&) = default;
    Secret(Secret&&) noexcept = default;
    Secret& operator=(Secret const& other);
    Secret& operator=(Secret&& other) noexcept;
    ~Secret() { wipe(); }

    /// Errors: as random_bytes.
    static Result<Secret> random(std::size_t count);

    /// Borrowed: valid until this object changes or goes.
    [[nodiscard]] ByteView bytes() const { return bytes_; }

  private:
    void wipe() noexcept;
    Bytes bytes_;
};

}  // namespace ounce::crypto
