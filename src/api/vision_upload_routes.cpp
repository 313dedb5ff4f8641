// Images on their way in.
#include "api/file_batch.hpp"
#include "api/picture_body.hpp"
#include "api/vision_handlers.hpp"
#include "api/vision_request.hpp"

namespace ounce::api {
namespace {

using project::Guid;

Result<Response> answer(VisionContext& context, Call& call, Guid const& id,
                        std::vector<project::UploadedImage> const& images) {
    auto const links = context.links(call);
    bool all = true;
    auto json = OrderedJson::array();
    for (auto const& image : images) {
        all &=
            image.status == project::UploadStatus::Ok || image.status == project::UploadStatus::OkDuplicate;
        json.push_back({{"sourceUrl", image.source},
                        {"status", to_string(image.status)},
                        {"image", image.image ? to_json(*image.image, id, links) : OrderedJson(nullptr)}});
    }
    return json_response(OrderedJson{{"isBatchSuccessful", all}, {"images", std::move(json)}},
                         all || is_version_3_0(call) ? 200 : 207);
}

Status check(VisionContext& context, Guid const& id, std::size_t images, std::vector<Guid> const& tags) {
    return context.vision.ask(
        [&](store::Database& database) { return project::check_batch(database, id, images, tags); });
}

Result<Response> create_from_data(VisionContext& context, Call& call) {
    TRY(auto const id, path_guid(call, "project"));
    TRY(auto const tags, guid_list(call, "tagIds", project::kBatchTagsMax));
    TRY(auto const body, BodyBytes::of(call.request));
    TRY(auto const pictures, sent_pictures(call.request, body.bytes(), project::kBatchImagesMax));
    TRY_STATUS(check(context, id, pictures.size(), tags));
    std::vector<project::NewImage> images;
    for (auto const& picture : pictures) {
        TRY(auto image, context.vision.take_picture(picture.source, picture.content, {}));
        images.push_back(std::move(image));
    }
    TRY(auto const added, context.vision.add_images(id, std::move(images), tags, {}));
    return answer(context, call, id, added);
}

Result<project::Metadata> parse_metadata(Json const& batch) {
    project::Metadata metadata;
    auto const found = batch.find("metadata");
    if (found == batch.end() || found->is_null()) return metadata;
    if (!found->is_object())
        return fail_as(Code::InvalidArgument, "BadRequestImageMetadataKey", "'metadata' must be an object");
    for (auto const& [key, value] : found->items()) {
        if (!value.is_string())
            return fail_as(Code::InvalidArgument, "BadRequestImageMetadataValue", "'{}' must be a text", key);
        metadata[key] = value.get<std::string>();
    }
    return metadata;
}

Status check_entry(Json const& entry) {
    if (!entry.is_object() || !entry.contains("contents") || !entry["contents"].is_number_unsigned())
        return fail_as(Code::InvalidArgument, "BadRequestImageBatch",
                       "Each of 'images' must have 'contents': a picture in base64");
    auto const regions = entry.find("regions");
    if (regions != entry.end() && !regions->is_null() && !regions->empty())
        return fail_as(Code::InvalidArgument, "BadRequestImageRegions",
                       "Regions are for object detection, which is not built here");
    return {};
}

Result<Response> create_from_files(VisionContext& context, Call& call) {
    TRY(auto const id, path_guid(call, "project"));
    TRY_STATUS(check(context, id, 0, {}));  // before pictures are looked at
    TRY(auto const body, BodyBytes::of(call.request));
    std::vector<project::NewImage> taken;
    TRY(auto const batch, read_file_batch(as_text(body.bytes()), project::kBatchImagesMax,
                                          [&](std::size_t, ByteView content) -> Status {
                                              TRY(auto image, context.vision.take_picture("", content, {}));
                                              taken.push_back(std::move(image));
                                              return {};
                                          }));
    auto const entries = batch.is_object() ? batch.find("images") : batch.end();
    if (entries == batch.end() || !entries->is_array() || entries->empty())
        return fail_as(Code::InvalidArgument, "BadRequestRequiredParamIsNull", "'images' must list images");
    TRY(auto const tags, guid_member(batch, "tagIds", project::kBatchTagsMax));
    TRY(auto const metadata, parse_metadata(batch));
    std::vector<project::NewImage> images;
    for (auto const& entry : *entries) {
        TRY_STATUS(check_entry(entry));
        auto const place = entry["contents"].get<std::size_t>();
        if (place >= taken.size())
            return fail_as(Code::InvalidArgument, "BadRequestImageBatch", "'contents' must be a text");
        images.push_back(taken[place]);
        TRY(auto const name, text_member(entry, "name"));
        images.back().source = name.value_or(std::to_string(images.size() - 1));
        TRY(images.back().tags, guid_member(entry, "tagIds", project::kTagsOfImageMax));
    }
    taken.clear();
    TRY(auto const added, context.vision.add_images(id, std::move(images), tags, metadata));
    return answer(context, call, id, added);
}

/// Whoever makes the hub fetch an address makes it look at a network that the caller may not see.
Result<Response> create_from_urls(VisionContext&, Call&) {
    return fail_as(Code::InvalidArgument, "BadRequestImageUrl",
                   "This hub fetches no addresses: download the pictures and upload their bytes");
}

constexpr VisionOperation kOperations[] = {
    {"POST", "projects/{project}/images", kPicturesBody, create_from_data},
    {"POST", "projects/{project}/images/files", kPicturesTextBody, create_from_files},
    {"POST", "projects/{project}/images/urls", kJsonBody, create_from_urls},
};

}  // namespace

std::span<VisionOperation const> upload_operations() {
    return kOperations;
}

}  // namespace ounce::api
