#pragma once

#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace ounce::cli {

/// A multipart/form-data body (RFC 7578) with one file, and the Content-Type that goes with it.
struct MultipartBody {
    std::string content_type;
    std::string body;
};

/// `file_name` is sent without control characters and quotes. The boundary is random, so that no content ends
/// the part by chance or on purpose. Errors: as crypto::random_bytes.
Result<MultipartBody> multipart_body(std::string_view field, std::string_view file_name, ByteView content);

}  // namespace ounce::cli
