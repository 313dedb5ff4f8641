#pragma once

#include <functional>
#include <string_view>

#include "base/bytes.hpp"
#include "base/json.hpp"

namespace ounce::api {

/// Told of each picture of a batch as it comes: its place, and its bytes (empty if they were no base64).
using BatchPictureSink = std::function<Status(std::size_t place, ByteView content)>;

/// Reads an ImageFileCreateBatch (custom-vision-api.md section 3) without ever holding more than one of its
/// pictures: each "contents" goes decoded to `sink`, in order, and is its place in what is returned.
/// Errors: BadRequestImageBatch for what is no such JSON; BadRequestExceededBatchSize beyond `pictures_max`;
/// those of `sink`, which end the reading.
Result<Json> read_file_batch(std::string_view text, std::size_t pictures_max, BatchPictureSink const& sink);

}  // namespace ounce::api
