#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace ounce::load {

/// The body of a measured message: JSON on one line that says whose it is, which one, and a checksum of all
/// that stands before it:
///   {"run":"…","device":"load-7","sequence":12,"fill":"…","check":"<16 hex digits of SHA-256>"}
/// The fill differs from message to message: nothing along the way may profit from repeats.

inline constexpr std::size_t kBodyBytesMin = 160;

/// `bytes` long in all (kBodyBytesMin at least); `run` and `device` need no escapes.
Bytes make_body(std::string_view run, std::string_view device, std::uint64_t sequence, std::size_t bytes);

struct BodyName {
    std::string device;
    std::uint64_t sequence = 0;
};

/// Whose message this is; none if its checksum is wrong or it is of another run.
std::optional<BodyName> read_body(ByteView body, std::string_view run);

}  // namespace ounce::load
