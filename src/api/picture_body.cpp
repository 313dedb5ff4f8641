#include "api/picture_body.hpp"

#include <fcntl.h>
#include <sys/mman.h>

#include <algorithm>

#include "base/descriptor.hpp"
#include "wire/multipart.hpp"

namespace ounce::api {
namespace {

bool is_multipart(std::string_view content_type) {
    return net::same_name(content_type.substr(0, std::string_view("multipart/").size()), "multipart/");
}

Result<std::vector<wire::FormPart>> parts_of(std::string_view content_type, ByteView body) {
    auto const broken = [](Error const& error) {
        return fail_as(Code::InvalidArgument, "BadRequestImageStream", "The form cannot be read: {}",
                       error.message);
    };
    auto const boundary = wire::form_boundary(content_type);
    if (!boundary) return broken(boundary.error());
    auto parts = wire::parse_form(body, *boundary);
    if (!parts) return broken(parts.error());
    if (parts->empty())
        return fail_as(Code::InvalidArgument, "BadRequestRequiredParamIsNull",
                       "The form has no part with a picture in it");
    return parts;
}

}  // namespace

Result<BodyBytes> BodyBytes::of(net::HttpRequest const& request) {
    if (!request.spool) return BodyBytes(request.body, false);
    auto const size = static_cast<std::size_t>(request.spool->size());
    if (size == 0) return BodyBytes(ByteView(), false);
    Descriptor const file(::open(request.spool->path().c_str(), O_RDONLY | O_CLOEXEC));
    void* const place =
        file.valid() ? ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.number(), 0) : MAP_FAILED;
    if (place == MAP_FAILED) return fail(Code::Unavailable, "what was uploaded cannot be read back");
    return BodyBytes(ByteView(static_cast<std::uint8_t const*>(place), size), true);
}

BodyBytes::BodyBytes(BodyBytes&& other) noexcept
    : bytes_(other.bytes_), mapped_(std::exchange(other.mapped_, false)) {}

BodyBytes::~BodyBytes() {
    if (mapped_) ::munmap(const_cast<std::uint8_t*>(bytes_.data()), bytes_.size());
}

Result<std::vector<SentPicture>> sent_pictures(net::HttpRequest const& request, ByteView body,
                                               std::size_t count_max) {
    auto const content_type = request.headers.find("Content-Type").value_or("");
    if (!is_multipart(content_type))
        return fail_as(Code::InvalidArgument, "UnsupportedMediaType",
                       "The request entity's media type is not supported for this resource: send "
                       "multipart/form-data");
    TRY(auto const parts, parts_of(content_type, body));
    if (parts.size() > count_max)
        return fail_as(Code::InvalidArgument, "BadRequestExceededBatchSize",
                       "A batch can have {} images; this one has {}", count_max, parts.size());
    std::vector<SentPicture> pictures;
    for (auto const& part : parts)
        pictures.push_back({part.filename.value_or(std::to_string(pictures.size())), part.content});
    return pictures;
}

Result<ByteView> sent_picture(net::HttpRequest const& request, ByteView body, std::size_t bytes_max) {
    auto const content_type = request.headers.find("Content-Type").value_or("");
    auto picture = body;
    if (is_multipart(content_type)) {
        TRY(auto const parts, parts_of(content_type, body));
        auto const named = std::ranges::find(parts, "imageData", &wire::FormPart::name);
        picture = named == parts.end() ? parts.front().content : named->content;
    }
    if (picture.empty())
        return fail_as(Code::InvalidArgument, "BadRequestImageStream", "There is no picture in the request");
    if (picture.size() > bytes_max)
        return fail_as(Code::InvalidArgument, "BadRequestImageSizeBytes",
                       "The picture has {} bytes; at most {} are taken here", picture.size(), bytes_max);
    return picture;
}

}  // namespace ounce::api
