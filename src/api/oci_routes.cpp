#include "api/oci_routes.hpp"

#include <charconv>

#include "api/models_download.hpp"
#include "api/oci_paging.hpp"
#include "base/file.hpp"
#include "registry/images.hpp"
#include "registry/uploads.hpp"

namespace ounce::api {
namespace {

using crypto::Right;
using registry::Images;
using registry::Storage;
using registry::Upload;
using registry::Uploads;

constexpr net::BodyPlan kNoBody{net::BodyPlan::To::Memory, 0};
constexpr net::BodyPlan kManifest{net::BodyPlan::To::Memory, registry::kManifestBytesMax};
constexpr net::BodyPlan kLayer{net::BodyPlan::To::File, registry::kFileBytesMax};
constexpr net::BodyPlan kPiece{net::BodyPlan::To::File, registry::kFileBytesMax, true};
constexpr auto kIndexType = "application/vnd.oci.image.index.v1+json";

Response with_digest(Response response, std::string_view hex) {
    response.headers.add("Docker-Content-Digest", registry::to_digest(hex));
    return response;
}

Response created(std::string location, std::string_view hex) {
    auto response = with_digest(empty_response(201), hex);
    response.headers.add("Location", std::move(location));
    return response;
}

std::string blob_path(Call const& call, std::string_view hex) {
    return fmt::format("/v2/{}/blobs/{}", call.parameter("name"), registry::to_digest(hex));
}

/// Where an upload stands; the same words for 202, 204 and 416.
Response progress(Call const& call, Upload const& upload, int status) {
    auto response = empty_response(status);
    response.headers.add("Location",
                         fmt::format("/v2/{}/blobs/uploads/{}", call.parameter("name"), upload.id));
    response.headers.add("Range", fmt::format("0-{}", upload.offset == 0 ? 0 : upload.offset - 1));
    response.headers.add("Docker-Upload-UUID", upload.id);
    return response;
}

/// The first byte that "first-last" in Content-Range announces; none if the header is not there.
Result<std::optional<std::uint64_t>> first_byte(Call const& call) {
    auto const header = call.request.headers.find("Content-Range");
    if (!header) return std::optional<std::uint64_t>();
    auto text = *header;
    if (text.starts_with("bytes ")) text.remove_prefix(6);
    std::uint64_t first = 0;
    auto const* const end = text.data() + text.size();
    auto const [stop, error] = std::from_chars(text.data(), end, first);
    if (error != std::errc() || stop == end || *stop != '-')
        return fail_as(Code::InvalidArgument, "BLOB_UPLOAD_INVALID", "Content-Range is FIRST-LAST");
    return std::optional(first);
}

// Ping and lists

Result<Response> ping(Storage const&, Call&) {
    auto response = json_response(Json::object());
    response.headers.add("Docker-Distribution-Api-Version", "registry/2.0");
    return response;
}

Result<Response> catalog(Storage const& storage, Call& call) {
    TRY(auto const page, parse_oci_page(call));
    TRY(auto names, Images(storage).repositories(page.last, page.count));
    return oci_list(Json::object(), "repositories", std::move(names), page, "/v2/_catalog");
}

Result<Response> tags(Storage const& storage, Call& call) {
    auto const& name = call.parameter("name");
    TRY(auto const page, parse_oci_page(call));
    TRY(auto names, Images(storage).tags(name, page.last, page.count));
    return oci_list({{"name", name}}, "tags", std::move(names), page, fmt::format("/v2/{}/tags/list", name));
}

Result<Response> referrers(Storage const& storage, Call& call) {
    TRY(auto const hex, registry::parse_digest(call.parameter("digest")));
    auto const type = call.find_query("artifactType").value_or("");
    TRY(auto const found, Images(storage).referrers(call.parameter("name"), hex, type));
    Json manifests = Json::array();
    for (auto const& referrer : found) {
        Json entry = {{"mediaType", referrer.media_type},
                      {"digest", registry::to_digest(referrer.digest)},
                      {"size", referrer.size}};
        if (!referrer.artifact_type.empty()) entry["artifactType"] = referrer.artifact_type;
        if (!referrer.annotations.empty()) entry["annotations"] = referrer.annotations;
        manifests.push_back(std::move(entry));
    }
    auto response = json_response(
        Json({{"schemaVersion", 2}, {"mediaType", kIndexType}, {"manifests", std::move(manifests)}}));
    response.headers.set("Content-Type", kIndexType);
    if (!type.empty()) response.headers.add("OCI-Filters-Applied", "artifactType");
    return response;
}

// Blobs

Result<Response> get_blob(Storage const& storage, Call& call) {
    TRY(auto const hex, registry::parse_digest(call.parameter("digest")));
    TRY(auto const blob, Images(storage).get_blob(call.parameter("name"), hex));
    TRY(auto response, blob_response(call, storage, blob, "application/octet-stream"));
    return with_digest(std::move(response), hex);
}

Result<Response> delete_blob(Storage const& storage, Call& call) {
    TRY(auto const hex, registry::parse_digest(call.parameter("digest")));
    TRY_STATUS(Images(storage).remove_blob(call.parameter("name"), hex));
    return empty_response(202);
}

Result<Response> start_upload(Storage const& storage, Call& call) {
    net::SpooledBody body(take_body(call), 0);  // removes the file unless it is handed on
    auto const& name = call.parameter("name");
    TRY_STATUS(registry::check_repository(name));
    if (auto const mount = call.find_query("mount")) {
        TRY(auto const hex, registry::parse_digest(*mount));
        if (Images(storage).mount(name, call.find_query("from").value_or(""), hex))
            return created(blob_path(call, hex), hex);
    } else if (auto const digest = call.find_query("digest")) {
        TRY(auto const hex, registry::parse_digest(*digest));
        TRY_STATUS(Uploads(storage).put(name, body.release(), hex));
        return created(blob_path(call, hex), hex);
    }
    TRY(auto const upload, Uploads(storage).start(name));
    return progress(call, upload, 202);
}

Result<Response> upload_status(Storage const& storage, Call& call) {
    TRY(auto const upload, Uploads(storage).get(call.parameter("name"), call.parameter("id")));
    return progress(call, upload, 204);
}

/// The next piece, or where the upload stands if it is another than the next.
Result<std::optional<Response>> take_piece(Storage const& storage, Call& call, net::SpooledBody body,
                                           Upload& upload) {
    auto const& name = call.parameter("name");
    auto const& id = call.parameter("id");
    TRY(auto first, first_byte(call));
    // One that broke off may come to an end long after its sender asked and went on: it must not be taken for
    // what follows. Without a Content-Range it can only be the first.
    if (call.request.cut_off && !first) first = 0;
    auto const appended = Uploads(storage).append(name, id, first, body.release());
    if (!appended && appended.error().code == Code::FailedPrecondition) {
        TRY(auto const now, Uploads(storage).get(name, id));
        return std::optional(progress(call, now, 416));
    }
    TRY(upload, appended);
    return std::optional<Response>();
}

Result<Response> patch_upload(Storage const& storage, Call& call) {
    net::SpooledBody body(take_body(call), 0);
    Upload upload;
    TRY(auto refusal, take_piece(storage, call, std::move(body), upload));
    return refusal ? std::move(*refusal) : progress(call, upload, 202);
}

Result<Response> finish_upload(Storage const& storage, Call& call) {
    auto const size = call.request.spool ? call.request.spool->size() : 0;
    net::SpooledBody body(take_body(call), 0);
    TRY(auto const hex, registry::parse_digest(call.find_query("digest").value_or("")));
    if (size > 0) {
        Upload upload;
        TRY(auto refusal, take_piece(storage, call, std::move(body), upload));
        if (refusal) return std::move(*refusal);
    }
    TRY_STATUS(Uploads(storage).finish(call.parameter("name"), call.parameter("id"), hex));
    return created(blob_path(call, hex), hex);
}

Result<Response> cancel_upload(Storage const& storage, Call& call) {
    TRY_STATUS(Uploads(storage).cancel(call.parameter("name"), call.parameter("id")));
    return empty_response(204);
}

// Manifests

Result<Response> get_manifest(Storage const& storage, Call& call) {
    TRY(auto const manifest,
        Images(storage).get_manifest(call.parameter("name"), call.parameter("reference")));
    Response response;
    response.headers.add("Content-Type", manifest.media_type);
    response.headers.add("ETag", fmt::format("\"{}\"", registry::to_digest(manifest.digest)));
    response.body = std::string(as_text(manifest.content));
    return with_digest(std::move(response), manifest.digest);
}

Result<Response> put_manifest(Storage const& storage, Call& call) {
    auto const& name = call.parameter("name");
    TRY(auto const put, Images(storage).put_manifest(name, call.parameter("reference"),
                                                     call.request.headers.find("Content-Type").value_or(""),
                                                     call.request.body));
    auto response =
        created(fmt::format("/v2/{}/manifests/{}", name, registry::to_digest(put.digest)), put.digest);
    if (!put.subject.empty()) response.headers.add("OCI-Subject", registry::to_digest(put.subject));
    return response;
}

Result<Response> delete_manifest(Storage const& storage, Call& call) {
    TRY_STATUS(Images(storage).remove_manifest(call.parameter("name"), call.parameter("reference")));
    return empty_response(202);
}

std::string name_of(Error const& error) {
    if (error.reason == "MethodNotAllowed") return "UNSUPPORTED";
    if (error.reason == "RouteNotFound") return "NAME_UNKNOWN";
    if (!error.reason.empty()) return error.reason;
    switch (error.code) {
        case Code::Unauthenticated:
            return "UNAUTHORIZED";
        case Code::PermissionDenied:
            return "DENIED";
        case Code::ResourceExhausted:
            return "SIZE_INVALID";
        case Code::NotFound:
            return "BLOB_UNKNOWN";
        case Code::Unavailable:
            return "TOOMANYREQUESTS";
        default:
            return "UNSUPPORTED";
    }
}

}  // namespace

Response oci_error(Error const& error) {
    auto const code = name_of(error);
    Json const entry = {{"code", code}, {"message", error.message}};
    // A manifest that comes before its layers is the sender's mistake; the manifest's own address is right.
    auto const status = code == "MANIFEST_BLOB_UNKNOWN" ? 400 : status_of(error.code);
    auto response = json_response(Json({{"errors", Json::array({entry})}}), status);
    response.headers.add("Docker-Distribution-Api-Version", "registry/2.0");
    if (error.code == Code::Unauthenticated)
        response.headers.add("WWW-Authenticate", "Basic realm=\"Ounce\", charset=\"UTF-8\"");
    return response;
}

RouteGroup oci_routes(Storage const& storage) {
    auto const with = [&storage](Result<Response> (*answer)(Storage const&, Call&)) -> Answer {
        return [&storage, answer](Call& call) { return answer(storage, call); };
    };
    auto const read = Right::ModelsRead;
    auto const write = Right::ModelsWrite;
    constexpr auto kKey = Access::Key;
    return {
        "oci",
        "/v2",
        oci_error,
        {
            {"GET", "/v2", kKey, read, kNoBody, with(ping)},
            {"GET", "/v2/_catalog", kKey, read, kNoBody, with(catalog)},
            {"GET", "/v2/{name...}/tags/list", kKey, read, kNoBody, with(tags)},
            {"GET", "/v2/{name...}/referrers/{digest}", kKey, read, kNoBody, with(referrers)},
            {"GET", "/v2/{name...}/blobs/{digest}", kKey, read, kNoBody, with(get_blob)},
            {"DELETE", "/v2/{name...}/blobs/{digest}", kKey, write, kNoBody, with(delete_blob)},
            {"POST", "/v2/{name...}/blobs/uploads", kKey, write, kLayer, with(start_upload)},
            {"GET", "/v2/{name...}/blobs/uploads/{id}", kKey, write, kNoBody, with(upload_status)},
            {"PATCH", "/v2/{name...}/blobs/uploads/{id}", kKey, write, kPiece, with(patch_upload)},
            {"PUT", "/v2/{name...}/blobs/uploads/{id}", kKey, write, kLayer, with(finish_upload)},
            {"DELETE", "/v2/{name...}/blobs/uploads/{id}", kKey, write, kNoBody, with(cancel_upload)},
            {"GET", "/v2/{name...}/manifests/{reference}", kKey, read, kNoBody, with(get_manifest)},
            {"PUT", "/v2/{name...}/manifests/{reference}", kKey, write, kManifest, with(put_manifest)},
            {"DELETE", "/v2/{name...}/manifests/{reference}", kKey, write, kNoBody, with(delete_manifest)},
        }};
}

}  // namespace ounce::api
