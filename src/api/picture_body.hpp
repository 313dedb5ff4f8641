#pragma once

#include <string>
#include <vector>

#include "api/route.hpp"

namespace ounce::api {

/// The bytes of a request's body, wherever it went: in memory, or in a file that is mapped. Borrowed from the
/// request, which must outlive this. One thread.
class BodyBytes {
  public:
    /// Errors: Unavailable if a spooled file cannot be mapped.
    static Result<BodyBytes> of(net::HttpRequest const& request);
    BodyBytes(BodyBytes&& other) noexcept;
    BodyBytes& operator=(BodyBytes&&) = delete;
    ~BodyBytes();
    [[nodiscard]] ByteView bytes() const { return bytes_; }

  private:
    BodyBytes(ByteView bytes, bool mapped) : bytes_(bytes), mapped_(mapped) {}
    ByteView bytes_;
    bool mapped_;
};

/// A picture of an upload and what the wire calls it in the answer: its file name, else its index.
struct SentPicture {
    std::string source;
    ByteView content;  // borrowed from the body
};

/// The file parts of a multipart body, whatever their names, in order.
/// Errors: UnsupportedMediaType if it is not multipart; BadRequestImageStream for a broken one;
/// BadRequestExceededBatchSize beyond `count_max`; BadRequestRequiredParamIsNull for none.
Result<std::vector<SentPicture>> sent_pictures(net::HttpRequest const& request, ByteView body,
                                               std::size_t count_max);

/// The one picture to look at: the part "imageData" (else the first) of a multipart body, or the body itself.
/// Errors: as sent_pictures; BadRequestImageStream for an empty one; BadRequestImageSizeBytes beyond
/// `bytes_max`.
Result<ByteView> sent_picture(net::HttpRequest const& request, ByteView body, std::size_t bytes_max);

}  // namespace ounce::api
