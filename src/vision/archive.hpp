#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace ounce::vision {

/// Reads members of a .zip (a Python wheel, an exported model) in memory: nothing is ever written to disk,
/// so a member's path can lead nowhere. Any thread.
/// `wanted` is asked for each regular file by its path in the archive; those it wants are returned by path,
/// `bytes_max` in all.
/// Errors: DataLoss if it is no zip, is cut short, a checksum differs or a wanted path is there twice;
/// ResourceExhausted for more than 100,000 members or `bytes_max`; Unimplemented for an encrypted member.
Result<std::map<std::string, Bytes>> read_zip(ByteView zip,
                                              std::function<bool(std::string_view)> const& wanted,
                                              std::uint64_t bytes_max);

/// A file that goes into a .zip.
struct ZipMember {
    std::string path;  // '/' between folders
    Bytes content;
};

/// A .zip of these members, stored as they are (models hardly shrink). The same members give the same bytes.
/// Any thread. Errors: Internal with libarchive's words.
Result<Bytes> write_zip(std::vector<ZipMember> const& members);

/// Whether the content begins like a .zip.
bool looks_like_zip(ByteView content);

}  // namespace ounce::vision
