#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

namespace ounce::api {

/// A stretch of a file: `length` bytes from `offset` on, at least one.
struct ByteRange {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
    friend bool operator==(ByteRange const&, ByteRange const&) = default;
};

/// What a Range header asks of a file (RFC 9110 section 14).
enum class WholeFile { Yes };    // no range, or one that may be passed over: several, another unit
enum class NoSuchRange { Yes };  // begins behind the end: 416
using RangeAnswer = std::variant<WholeFile, NoSuchRange, ByteRange>;

/// "bytes=0-99", "bytes=100-", "bytes=-5" for a file of `size` bytes; an end behind the file's is moved to
/// it.
RangeAnswer find_range(std::optional<std::string_view> header, std::uint64_t size);

}  // namespace ounce::api
