#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/bytes.hpp"
#include "vision/image.hpp"

namespace ounce::vision {

/// Local time of the camera, without a zone: cameras write none.
using CameraTime = std::chrono::local_time<std::chrono::milliseconds>;

/// What we use of a picture's EXIF block (CIPA DC-008, EXIF 2.32). Everything may be missing.
struct Exif {
    int orientation = 1;  // 1..8, 1 = upright
    std::optional<CameraTime>
        taken;  // DateTimeOriginal + SubSecTimeOriginal, else DateTimeDigitized, DateTime
    std::optional<std::chrono::minutes> utc_offset;  // OffsetTimeOriginal, where a camera writes it
    std::string make;  // trimmed of spaces and zeros; only printable characters, at most 128
    std::string model;
    std::string serial;  // BodySerialNumber, else CameraSerialNumber (0xC62F)
};

/// Reads the EXIF block of a JPEG (APP1), PNG (eXIf) or WebP (EXIF chunk). A missing or broken block gives
/// the defaults for what could not be read; impossible dates (month 13, year 0) count as missing. Any thread.
Exif read_exif(ByteView file);

}  // namespace ounce::vision
