#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "crypto/sha256.hpp"
#include "train/record_cache.hpp"
#include "vision/exif.hpp"

namespace ounce::train {

/// What a picture is, whatever its file is called.
struct PictureIdentity {
    crypto::Sha256 sha256{};
    std::string camera;  // make, model and serial as EXIF has them; empty = no serial: not known which
    std::optional<vision::CameraTime> taken;
};

/// The largest file that is taken for a picture.
inline constexpr std::uint64_t kPictureBytesMax = std::uint64_t{256} << 20;

/// Identity of the file's content. Errors: as read_file.
Result<PictureIdentity> identify(ByteView file);

/// A key that changes whenever the file may have: path, size, inode, times of change to the nanosecond.
/// None if the file is not there or changed so lately (2 s, what a FAT card's clock can tell) that a second
/// change might not show.
std::optional<RecordCache::Key> file_state_key(std::filesystem::path const& path);

Bytes to_record(PictureIdentity const& identity);
std::optional<PictureIdentity> from_record(ByteView record);

/// Pictures of one camera with no more than this between them are of one visit, as `ounce sift` has it by
/// default.
inline constexpr std::chrono::milliseconds kEventGap = std::chrono::minutes(2);

/// Visits: pictures of one camera with no more than `gap` between one and the next share a number; a picture
/// whose camera or time is not known has -1. Pure.
std::vector<int> burst_groups(std::span<PictureIdentity const> pictures,
                              std::chrono::milliseconds gap = kEventGap);

}  // namespace ounce::train
