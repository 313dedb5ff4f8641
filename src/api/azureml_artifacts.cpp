#include <algorithm>

#include "api/azureml_block_list.hpp"
#include "api/azureml_errors.hpp"
#include "api/azureml_models.hpp"
#include "api/azureml_services.hpp"
#include "api/azureml_urls.hpp"
#include "api/models_download.hpp"
#include "base/file.hpp"
#include "registry/artifacts.hpp"
#include "registry/models.hpp"
#include "wire/url.hpp"

namespace ounce::api {
namespace {

using registry::Artifact;
using registry::ArtifactPlace;
using registry::Artifacts;

constexpr std::size_t kPlacesMax = 1'000;  // the SDK reserves 50 at a time
constexpr std::uint64_t kBlockListBytesMax = 8 << 20;

std::string id_of(ArtifactPlace const& place) {
    return fmt::format("{}/{}/{}", place.origin, place.container, place.path);
}

Json describe(ArtifactPlace const& place) {
    return {{"artifactId", id_of(place)},
            {"origin", place.origin},
            {"container", place.container},
            {"path", place.path}};
}

/// Addresses to put files to, one for each path asked for.
Result<Response> reserve(AzureMlServices& services, Call& call) {
    TRY(auto const json, call.json());
    auto const paths = json.find("paths");
    if (!json.is_object() || paths == json.end() || !paths->is_array())
        return fail(Code::InvalidArgument, "the body is {{\"paths\": [{{\"path\": …}}]}}");
    if (paths->size() > kPlacesMax)
        return fail(Code::ResourceExhausted, "at most {} paths at a time", kPlacesMax);
    if (call.parameter("origin") != "LocalUpload")
        return fail(Code::InvalidArgument,
                    "files of '{}' cannot be uploaded: runs are not offered by this hub yet",
                    call.parameter("origin"));
    Json artifacts = Json::object();
    Json contents = Json::object();
    Json errors = Json::object();
    for (auto const& entry : *paths) {
        TRY(auto const path, json_member<std::string>(entry, "path"));
        ArtifactPlace const place{
            .origin = call.parameter("origin"), .container = call.parameter("container"), .path = path};
        auto description = describe(place);
        artifacts[path] = description;
        description["contentUri"] =
            upload_url(call, services.keyring.signing_key(), place, services.clock.now());
        contents[path] = std::move(description);
        if (auto const good = registry::check_model_path(path); !good)
            errors[path] = {{"error", {{"code", "BadRequest"}, {"message", good.error().message}}}};
    }
    return json_response(Json({{"artifacts", std::move(artifacts)},
                               {"artifactContentInformation", std::move(contents)},
                               {"errors", std::move(errors)}}));
}

/// The files under a prefix: of a model that is registered, or on their way to be.
Result<std::vector<Artifact>> find_files(AzureMlServices& services, ArtifactPlace const& place) {
    if (place.origin == kModelOrigin) return list_model_artifacts(services.storage, place);
    return Artifacts(services.storage).list(place);
}

ArtifactPlace place_of(Call const& call, std::string path) {
    return {.origin = call.parameter("origin"),
            .container = call.parameter("container"),
            .path = std::move(path)};
}

Json content_of(AzureMlServices& services, Call const& call, Artifact const& artifact) {
    auto json = describe(place_of(call, artifact.path));
    json["contentUri"] =
        download_url(call, services.keyring.signing_key(), artifact.blob.digest, services.clock.now());
    return json;
}

Result<Response> contents(AzureMlServices& services, Call& call, std::string prefix) {
    TRY(auto const artifacts, find_files(services, place_of(call, std::move(prefix))));
    Json value = Json::array();
    for (auto const& artifact : artifacts) value.push_back(content_of(services, call, artifact));
    return json_response(Json({{"value", std::move(value)}, {"continuationToken", nullptr}}));
}
Result<Response> contents_of_all(AzureMlServices& services, Call& call) {
    return contents(services, call, "");
}
Result<Response> contents_of_prefix(AzureMlServices& services, Call& call) {
    return contents(services, call, call.parameter("path"));
}

Result<Response> content(AzureMlServices& services, Call& call) {
    auto const& path = call.parameter("path");
    TRY(auto const artifacts, find_files(services, place_of(call, path)));
    auto const found = std::ranges::find(artifacts, path, &Artifact::path);
    if (found == artifacts.end())
        return fail(Code::NotFound, "there is no file '{}'", id_of(place_of(call, path)));
    return json_response(content_of(services, call, *found));
}

Result<Response> names(AzureMlServices& services, Call& call, std::string prefix) {
    TRY(auto const artifacts, find_files(services, place_of(call, std::move(prefix))));
    Json value = Json::array();
    for (auto const& artifact : artifacts) value.push_back(describe(place_of(call, artifact.path)));
    return json_response(Json({{"value", std::move(value)}, {"continuationToken", nullptr}}));
}
Result<Response> names_of_all(AzureMlServices& services, Call& call) {
    return names(services, call, "");
}
Result<Response> names_of_prefix(AzureMlServices& services, Call& call) {
    return names(services, call, call.parameter("path"));
}

Result<Response> remove(AzureMlServices& services, Call& call) {
    if (call.parameter("origin") == kModelOrigin)
        return fail(Code::InvalidArgument, "the files of a model stay: delete the model");
    TRY_STATUS(Artifacts(services.storage).remove(place_of(call, call.parameter("path"))));
    return json_response(Json::object());
}

Result<Response> put_blob(AzureMlServices& services, Call& call) {
    net::SpooledBody body(take_body(call), 0);  // removes the file unless it is handed on
    TRY(auto const place, parse_upload_place(call.parameter("place")));
    Artifacts const artifacts(services.storage);
    // Ids of blocks are base64: here '+' means itself.
    TRY(auto const query, wire::Query::parse(call.request.query, wire::Plus::IsPlus));
    auto const part = query.find("comp").value_or("");
    if (part == "block") {
        TRY_STATUS(artifacts.put_block(place, query.find("blockid").value_or(""), body.release()));
    } else if (part == "blocklist") {
        TRY(auto const xml, read_file(body.path(), kBlockListBytesMax));
        TRY(auto const ids, parse_block_list(as_text(xml)));
        TRY_STATUS(artifacts.join_blocks(place, ids));
    } else if (part.empty()) {
        TRY_STATUS(artifacts.put(place, body.release()));
    } else {
        return fail_as(Code::InvalidArgument, "InvalidQueryParameterValue", "comp={} is not offered", part);
    }
    return empty_response(201);
}

Result<Response> get_blob(AzureMlServices& services, Call& call) {
    TRY(auto const place, parse_upload_place(call.parameter("place")));
    TRY(auto const blob, Artifacts(services.storage).get(place));
    return blob_response(call, services.storage, blob, "application/octet-stream");
}

Result<Response> get_content(AzureMlServices& services, Call& call) {
    TRY(auto const blob, services.storage.ledger().run([&](store::Database& database) {
        return registry::get_blob(database, call.parameter("digest"));
    }));
    return blob_response(call, services.storage, blob, "application/octet-stream");
}

}  // namespace

#define ARTIFACTS "/artifact/{api}" OUNCE_AZUREML_WORKSPACE "/artifacts"

RouteGroup azureml_artifact_routes(std::shared_ptr<AzureMlServices> const& services) {
    auto const read = crypto::Right::ModelsRead;
    auto const write = crypto::Right::ModelsWrite;
    auto const& none = kAzureMlNoBody;
    return {"azureml-artifacts",
            "/artifact",
            azureml_history_error,
            {
                {"POST", ARTIFACTS "/batch/metadata/{origin}/{container}", Access::Bearer, write,
                 kAzureMlJson, with(services, reserve)},
                {"GET", ARTIFACTS "/prefix/contentinfo/{origin}/{container}", Access::Bearer, read, none,
                 with(services, contents_of_all)},
                {"GET", ARTIFACTS "/prefix/contentinfo/{origin}/{container}/{path...}", Access::Bearer, read,
                 none, with(services, contents_of_prefix)},
                {"GET", ARTIFACTS "/contentinfo/{origin}/{container}/{path...}", Access::Bearer, read, none,
                 with(services, content)},
                {"GET", ARTIFACTS "/{origin}/{container}", Access::Bearer, read, none,
                 with(services, names_of_all)},
                {"GET", ARTIFACTS "/{origin}/{container}/{path...}", Access::Bearer, read, none,
                 with(services, names_of_prefix)},
                {"DELETE", ARTIFACTS "/metadata/{origin}/{container}/{path...}", Access::Bearer, write, none,
                 with(services, remove)},
            }};
}

#undef ARTIFACTS

RouteGroup azureml_blob_routes(std::shared_ptr<AzureMlServices> const& services) {
    constexpr net::BodyPlan kFile{net::BodyPlan::To::File, registry::kFileBytesMax};
    return {
        "azureml-blobs",
        "/blob",
        azureml_blob_error,
        {
            {"PUT", "/blob/upload/{place}", Access::SignedUrl, {}, kFile, with(services, put_blob)},
            {"GET", "/blob/upload/{place}", Access::SignedUrl, {}, kAzureMlNoBody, with(services, get_blob)},
            {"GET",
             "/blob/content/{digest}",
             Access::SignedUrl,
             {},
             kAzureMlNoBody,
             with(services, get_content)},
        }};
}

}  // namespace ounce::api
