// Images that are there: listing, tagging, deleting, and their files.
#include "api/vision_handlers.hpp"
#include "api/vision_request.hpp"

namespace ounce::api {
namespace {

using project::Guid;
using project::ImageQuery;

Result<Response> list(VisionContext& context, Call& call, std::optional<project::Tagging> tagging) {
    TRY(auto const id, path_guid(call, "project"));
    TRY(auto query, image_query(call));
    if (tagging) query.tagging = *tagging;
    TRY(auto const images, context.vision.ask([&](store::Database& database) {
        return project::list_images(database, id, query);
    }));
    auto const links = context.links(call);
    auto json = OrderedJson::array();
    for (auto const& image : images) json.push_back(to_json(image, id, links));
    return json_response(json);
}

Result<Response> count(VisionContext& context, Call& call, std::optional<project::Tagging> tagging) {
    TRY(auto const id, path_guid(call, "project"));
    TRY(auto query, image_query(call));
    if (tagging) query.tagging = *tagging;
    TRY(auto const images, context.vision.ask([&](store::Database& database) {
        return project::count_images(database, id, query);
    }));
    return json_response(OrderedJson(images));
}

Result<Response> get_images(VisionContext& context, Call& call) {
    return list(context, call, std::nullopt);
}
Result<Response> get_tagged(VisionContext& context, Call& call) {
    return list(context, call, project::Tagging::Tagged);
}
Result<Response> get_untagged(VisionContext& context, Call& call) {
    return list(context, call, project::Tagging::Untagged);
}
Result<Response> count_images(VisionContext& context, Call& call) {
    return count(context, call, std::nullopt);
}
Result<Response> count_tagged(VisionContext& context, Call& call) {
    return count(context, call, project::Tagging::Tagged);
}
Result<Response> count_untagged(VisionContext& context, Call& call) {
    return count(context, call, project::Tagging::Untagged);
}

Result<Response> get_by_ids(VisionContext& context, Call& call) {
    TRY(auto const id, path_guid(call, "project"));
    TRY(auto const wanted, guid_list(call, "imageIds", project::kImageIdsMax));
    TRY(auto const iteration, find_guid(call, "iterationId"));
    TRY(auto const images, context.vision.ask([&](store::Database& database) {
        return project::get_images(database, id, wanted, iteration);
    }));
    auto const links = context.links(call);
    auto json = OrderedJson::array();
    for (auto const& image : images) json.push_back(to_json(image, id, links));
    return json_response(json);
}

Result<Response> delete_images(VisionContext& context, Call& call) {
    TRY(auto const id, path_guid(call, "project"));
    TRY(auto ids, guid_list(call, "imageIds", project::kImageIdsMax));
    TRY(auto const all, flag(call, "allImages", false));
    TRY(auto const from_iterations, flag(call, "allIterations", false));
    if (ids.empty() && !all)
        return fail_as(Code::InvalidArgument, "BadRequestRequiredParamIsNull",
                       "imageIds or allImages must be given");
    std::optional<std::vector<Guid>> chosen;
    if (!all) chosen = std::move(ids);
    TRY_STATUS(context.vision.delete_images(id, chosen, from_iterations));
    // The first version of the wire knows one status only.
    return empty_response((all || from_iterations) && !is_version_3_0(call) ? 202 : 204);
}

OrderedJson pairs_json(std::vector<project::ImageTagPair> const& pairs) {
    auto json = OrderedJson::array();
    for (auto const& pair : pairs)
        json.push_back({{"imageId", pair.image.text()}, {"tagId", pair.tag.text()}});
    return json;
}

Result<Response> create_tags(VisionContext& context, Call& call) {
    TRY(auto const id, path_guid(call, "project"));
    TRY(auto const body, json_body(call));
    auto const tags = body.find("tags");
    if (tags == body.end() || !tags->is_array())
        return fail_as(Code::InvalidArgument, "BadRequestRequiredParamIsNull",
                       "'tags' must list pairs of imageId and tagId");
    std::vector<project::ImageTagPair> pairs;
    for (auto const& entry : *tags) {
        auto const image = json_member<std::string>(entry, "imageId");
        auto const tag = json_member<std::string>(entry, "tagId");
        auto const image_id = image ? Guid::parse(*image) : std::nullopt;
        auto const tag_id = tag ? Guid::parse(*tag) : std::nullopt;
        if (!image_id || !tag_id)
            return fail_as(Code::InvalidArgument, "BadRequestInvalidIds",
                           "'tags' must list pairs of imageId and tagId, both GUIDs");
        pairs.push_back({*image_id, *tag_id});
    }
    TRY(auto const result, context.vision.ask([&](store::Database& database) {
        return project::tag_images(database, id, pairs, context.vision.now());
    }));
    return json_response(OrderedJson{{"created", pairs_json(result.created)},
                                     {"duplicated", pairs_json(result.duplicated)},
                                     {"exceeded", pairs_json(result.exceeded)}});
}

Result<Response> delete_tags(VisionContext& context, Call& call) {
    TRY(auto const id, path_guid(call, "project"));
    TRY(auto const images, guid_list(call, "imageIds", project::kBatchImagesMax));
    TRY(auto const tags, guid_list(call, "tagIds", project::kBatchTagsMax));
    TRY_STATUS(context.vision.ask([&](store::Database& database) {
        return project::untag_images(database, id, images, tags, context.vision.now());
    }));
    return empty_response(204);
}

std::string_view status_name(project::MetadataStatus status) {
    switch (status) {
        case project::MetadataStatus::Ok:
            return "OK";
        case project::MetadataStatus::ErrorImageNotFound:
            return "ErrorImageNotFound";
        case project::MetadataStatus::ErrorLimitExceed:
            break;
    }
    return "ErrorLimitExceed";
}

Result<Response> update_metadata(VisionContext& context, Call& call) {
    TRY(auto const id, path_guid(call, "project"));
    TRY(auto const images, guid_list(call, "imageIds", project::kBatchImagesMax));
    TRY(auto const body, json_body(call));
    project::Metadata metadata;
    for (auto const& [key, value] : body.items()) {
        if (!value.is_string())
            return fail_as(Code::InvalidArgument, "BadRequestImageMetadataValue", "'{}' must be a text", key);
        metadata[key] = value.get<std::string>();
    }
    TRY(auto const results, context.vision.ask([&](store::Database& database) {
        return project::set_metadata(database, id, images, metadata, context.vision.now());
    }));
    bool all = true;
    auto json = OrderedJson::array();
    for (auto const& result : results) {
        all &= result.status == project::MetadataStatus::Ok;
        json.push_back({{"imageId", result.image.text()},
                        {"status", status_name(result.status)},
                        {"metadata", OrderedJson(result.metadata)}});
    }
    return json_response(OrderedJson{{"isBatchSuccessful", all}, {"images", std::move(json)}},
                         all || is_version_3_0(call) ? 200 : 207);
}

constexpr VisionOperation kOperations[] = {
    {"GET", "projects/{project}/images", kEmptyBody, get_images},
    {"DELETE", "projects/{project}/images", kEmptyBody, delete_images},
    {"GET", "projects/{project}/images/count", kEmptyBody, count_images},
    {"GET", "projects/{project}/images/id", kEmptyBody, get_by_ids},
    {"POST", "projects/{project}/images/metadata", kJsonBody, update_metadata},
    {"GET", "projects/{project}/images/tagged", kEmptyBody, get_tagged},
    {"GET", "projects/{project}/images/tagged/count", kEmptyBody, count_tagged},
    {"POST", "projects/{project}/images/tags", kJsonBody, create_tags},
    {"DELETE", "projects/{project}/images/tags", kEmptyBody, delete_tags},
    {"GET", "projects/{project}/images/untagged", kEmptyBody, get_untagged},
    {"GET", "projects/{project}/images/untagged/count", kEmptyBody, count_untagged},
};

}  // namespace

std::span<VisionOperation const> image_operations() {
    return kOperations;
}

Result<Response> download_image(VisionContext& context, Call& call) {
    TRY(auto const id, path_guid(call, "project"));
    auto const& name = call.parameter("name");  // "o-", "i-" or "t-", and the image
    auto const image = name.size() > 2 && name[1] == '-' ? Guid::parse(name.substr(2)) : std::nullopt;
    if (!image || std::string_view("oit").find(name[0]) == std::string_view::npos)
        return fail_as(Code::NotFound, "NotFoundImage", "There is no such image");
    auto const copy = name[0] == 'o'   ? project::ImageCopy::Original
                      : name[0] == 'i' ? project::ImageCopy::Resized
                                       : project::ImageCopy::Thumbnail;
    TRY(auto const file, context.vision.ask([&](store::Database& database) {
        return project::find_image_file(database, id, *image, copy);
    }));
    TRY(auto const path, context.vision.blobs().find(file.digest));
    Response response;
    response.headers.add("Content-Type", file.content_type);
    response.headers.add("Cache-Control", "private, max-age=86400, immutable");
    response.body = net::FileBody{path, 0, std::nullopt};
    return response;
}

}  // namespace ounce::api
