#pragma once

#include <cstdint>
#include <span>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace ounce::vision {

struct WireMessage;

/// A field of a protobuf message that holds messages itself.
struct WireField {
    std::uint32_t number = 0;
    WireMessage const* message = nullptr;
};

/// The messages inside a message, by field number. Fields not listed are not looked into.
struct WireMessage {
    std::span<WireField const> fields;
};

/// Walks protobuf bytes without building anything, and refuses what would take far more memory as objects
/// than as bytes: two bytes can stand for an empty message, which costs over a hundred when parsed. Allowed
/// is one field for every 8 bytes of the file, and 100,000 for free: real models keep far below (their bytes
/// are weights). Lists of plain numbers (packed) are not counted: they grow at most eightfold.
/// Errors: DataLoss if the bytes break off or are no protobuf; ResourceExhausted over the bound, or over
/// 2 GiB (protobuf's own limit).
Status check_wire_bounds(ByteView bytes, WireMessage const& message);

}  // namespace ounce::vision
