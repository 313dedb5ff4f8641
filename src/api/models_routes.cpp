#include "api/models_routes.hpp"

#include <fstream>

#include "api/models_download.hpp"
#include "api/models_json.hpp"
#include "base/file.hpp"
#include "registry/archive.hpp"
#include "registry/artifacts.hpp"
#include "registry/models.hpp"
#include "wire/multipart.hpp"

namespace ounce::api {
namespace {

using crypto::Right;
using registry::Artifacts;
using registry::Models;
using registry::Storage;

constexpr std::uint64_t kFormBytesMax = 64 << 20;  // a model that comes in one request, its files included
// What a model may say of itself comes to 18 MB. A form's size in numbers would be a gigabyte of values.
constexpr std::size_t kJsonBytesMax = 20 << 20;
constexpr net::BodyPlan kNoBody{net::BodyPlan::To::Memory, 0};
constexpr net::BodyPlan kSmallBody{net::BodyPlan::To::Memory, 1 << 20};
constexpr net::BodyPlan kFormBody{net::BodyPlan::To::File, kFormBytesMax};
constexpr net::BodyPlan kFileBody{net::BodyPlan::To::File, registry::kFileBytesMax};

/// Where files of this wire wait: by their digest, so that sending one twice changes nothing.
registry::ArtifactPlace waiting_place(Call const& call, std::string name) {
    return {.origin = "Upload", .container = call.principal.name, .path = std::move(name)};
}

/// Takes the file over and stages it under its own digest.
Result<registry::Blob> stage(Storage const& storage, Call const& call, std::filesystem::path const& file) {
    // The digest is known only once the file is a blob, so it is staged under a passing name first.
    TRY(auto const id, Storage::make_id());
    Artifacts const artifacts(storage);
    TRY(auto blob, artifacts.put(waiting_place(call, id), file));
    TRY_STATUS(artifacts.rename(waiting_place(call, id), blob.digest));
    return blob;
}

Result<Response> upload(Storage const& storage, Call& call) {
    TRY(auto const blob, stage(storage, call, take_body(call)));
    if (auto const wanted = call.find_query("sha256"); wanted && *wanted != blob.digest)
        return fail(Code::InvalidArgument, "what came has the SHA-256 {}, not {}: send it again", blob.digest,
                    *wanted);
    return json_response(Json({{"sha256", blob.digest}, {"size", blob.size}}), 201);
}

Result<registry::NewModel> read_json(ByteView text) {
    if (text.size() > kJsonBytesMax)
        return fail(Code::ResourceExhausted, "the JSON of a model has at most {} bytes", kJsonBytesMax);
    TRY(auto const json, parse_json(as_text(text)));
    return parse_new_model(json);
}

/// A form: the field "model", and one file for each "file", whose file name is its path.
Result<registry::NewModel> read_form(Storage const& storage, Call const& call, ByteView body,
                                     std::string_view content_type) {
    TRY(auto const boundary, wire::form_boundary(content_type));
    TRY(auto const parts, wire::parse_form(body, boundary));
    registry::NewModel model;
    std::vector<registry::ModelFile> files;
    for (auto const& part : parts) {
        if (part.name == "model") {
            TRY(model, read_json(part.content));
        } else if (part.name == "file" && part.filename) {
            TRY(auto const id, Storage::make_id());
            auto const file = storage.blobs().tmp_folder() / id;
            TRY_STATUS(write_file(file, part.content));
            TRY(auto blob, stage(storage, call, file));
            files.push_back({.path = *part.filename, .digest = std::move(blob.digest), .size = blob.size});
        } else {
            return fail(Code::InvalidArgument,
                        "the form has a field '{}': 'model' and files named 'file' are known", part.name);
        }
    }
    model.files.insert(model.files.end(), files.begin(), files.end());
    return model;
}

Result<registry::NewModel> read_new_model(Storage const& storage, Call& call) {
    net::SpooledBody const spool(take_body(call), 0);  // removes the file
    TRY(auto const body, read_file(spool.path(), kFormBytesMax));
    auto const type = call.request.headers.find("Content-Type").value_or("");
    if (type.starts_with("multipart/")) return read_form(storage, call, body, type);
    return read_json(body);
}

Result<Response> add(Storage const& storage, Call& call) {
    TRY(auto model, read_new_model(storage, call));
    model.created_by = call.principal.name;
    TRY(auto const made, Models(storage).add(std::move(model)));
    auto response = json_response(to_json(made), 201);
    response.headers.add("Location",
                         fmt::format("/ounce/v1/models/{}/versions/{}", made.id.name, made.id.version));
    return response;
}

Result<Response> list(Storage const& storage, Call& call) {
    TRY(auto const filter, parse_model_filter(call.query));
    TRY(auto const page, Models(storage).list(filter));
    Json models = Json::array();
    for (auto const& model : page.models) models.push_back(to_json(model));
    return json_response(
        Json({{"models", std::move(models)}, {"next", page.next.empty() ? Json() : Json(page.next)}}));
}

/// The version that the path names; 0 stands for the latest, as "latest" does in the path.
Result<registry::ModelId> id_of(Call const& call) {
    auto const& version = call.parameter("version");
    auto const& name = call.parameter("name");
    if (version != "latest") return registry::parse_model_id(fmt::format("{}:{}", name, version));
    TRY_STATUS(registry::check_model_name(name));
    return registry::ModelId{.name = name, .version = 0};
}

Result<registry::Model> find(Storage const& storage, Call const& call) {
    TRY(auto const id, id_of(call));
    return Models(storage).get(id);
}

Result<Response> show(Storage const& storage, Call& call) {
    TRY(auto const model, find(storage, call));
    TRY(auto const files, Models(storage).files(model));
    auto json = to_json(model);
    json["files"] = to_json(files);
    return json_response(json);
}

Result<Response> change(Storage const& storage, Call& call) {
    TRY(auto const id, id_of(call));
    TRY(auto const json, call.json());
    TRY(auto const update, parse_model_update(json));
    TRY(auto const model, Models(storage).update(id, update));
    return json_response(to_json(model));
}

Result<Response> remove(Storage const& storage, Call& call) {
    TRY(auto const id, id_of(call));
    if (id.version == 0)
        return fail(Code::InvalidArgument, "say which version of '{}' to delete, by its number", id.name);
    TRY_STATUS(Models(storage).remove(id));
    return empty_response(204);
}

Result<Response> download(Storage const& storage, Call& call) {
    TRY(auto const model, find(storage, call));
    TRY(auto const files, Models(storage).files(model));
    auto const& path = call.parameter("path");
    for (auto const& file : files)
        if (file.path == path)
            return blob_response(call, storage, {.digest = file.digest, .size = file.size},
                                 "application/octet-stream");
    return fail(Code::NotFound, "the model '{}' has no file '{}'", model.id.text(), path);
}

Result<Response> archive(Storage const& storage, Call& call) {
    TRY(auto const model, find(storage, call));
    TRY(auto const files, Models(storage).files(model));
    net::PartsBody body;
    auto archive = registry::archive_of(model, files);
    for (auto& piece : archive.pieces) {
        if (auto* const text = std::get_if<std::string>(&piece)) {
            body.parts.emplace_back(std::move(*text));
            continue;
        }
        auto const& file = std::get<registry::ModelFile>(piece);
        TRY(auto path, storage.blobs().find(file.digest));
        body.parts.emplace_back(net::FileBody{.path = std::move(path), .offset = 0, .length = file.size});
    }
    Response response;
    response.headers.add("Content-Type", "application/x-tar");
    response.headers.add("Content-Disposition",
                         fmt::format("attachment; filename=\"{}-{}.tar\"", model.id.name, model.id.version));
    response.body = std::move(body);
    return response;
}

Result<Response> look_up(Storage const& storage, Call& call) {
    TRY(auto const blob, storage.ledger().run([&](store::Database& database) {
        return registry::get_blob(database, call.parameter("sha256"));
    }));
    auto response = empty_response(200);
    response.announced_length = blob.size;
    return response;
}

}  // namespace

#define VERSION "/ounce/v1/models/{name}/versions/{version}"

RouteGroup models_routes(Storage const& storage) {
    auto const with = [&storage](Result<Response> (*answer)(Storage const&, Call&)) -> Answer {
        return [&storage, answer](Call& call) { return answer(storage, call); };
    };
    auto const read = Right::ModelsRead;
    auto const write = Right::ModelsWrite;
    return {"models",
            "/ounce/v1",
            plain_error,
            {
                {"POST", "/ounce/v1/uploads", Access::Key, write, kFileBody, with(upload)},
                {"HEAD", "/ounce/v1/blobs/{sha256}", Access::Key, read, kNoBody, with(look_up)},
                {"POST", "/ounce/v1/models", Access::Key, write, kFormBody, with(add)},
                {"GET", "/ounce/v1/models", Access::Key, read, kNoBody, with(list)},
                {"GET", VERSION, Access::Key, read, kNoBody, with(show)},
                {"PATCH", VERSION, Access::Key, write, kSmallBody, with(change)},
                {"DELETE", VERSION, Access::Key, write, kNoBody, with(remove)},
                {"GET", VERSION "/files/{path...}", Access::Key, read, kNoBody, with(download)},
                {"GET", VERSION "/archive", Access::Key, read, kNoBody, with(archive)},
            }};
}

#undef VERSION

}  // namespace ounce::api
