#include "api/models_download.hpp"

#include "api/byte_range.hpp"

namespace ounce::api {

Result<Response> blob_response(Call const& call, registry::Storage const& storage, registry::Blob const& blob,
                               std::string_view media_type) {
    TRY(auto path, storage.blobs().find(blob.digest));
    Response response;
    response.headers.add("Content-Type", std::string(media_type));
    response.headers.add("ETag", fmt::format("\"{}\"", blob.digest));
    response.headers.add("Accept-Ranges", "bytes");
    auto const range = find_range(call.request.headers.find("Range"), blob.size);
    if (std::holds_alternative<NoSuchRange>(range)) {
        response.status = 416;
        response.headers.add("Content-Range", fmt::format("bytes */{}", blob.size));
        return response;
    }
    net::FileBody body{.path = std::move(path), .offset = 0, .length = blob.size};
    if (auto const* const part = std::get_if<ByteRange>(&range)) {
        response.status = 206;
        response.headers.add("Content-Range", fmt::format("bytes {}-{}/{}", part->offset,
                                                          part->offset + part->length - 1, blob.size));
        body.offset = part->offset;
        body.length = part->length;
    }
    response.body = std::move(body);
    return response;
}

std::filesystem::path take_body(Call& call) {
    OUNCE_CHECK(call.request.spool.has_value());
    return call.request.spool->release();
}

}  // namespace ounce::api
