#include "registry/models.hpp"

#include <algorithm>
#include <set>

#include "base/utf8.hpp"
#include "registry/model_rows.hpp"

namespace ounce::registry {
namespace {

using store::Database;

Status check_text(std::string_view text, std::string_view what) {
    if (!is_utf8(text)) return fail(Code::InvalidArgument, "the {} is not UTF-8", what);
    if (text.size() > kModelTextBytesMax)
        return fail(Code::ResourceExhausted, "the {} is longer than {} bytes", what, kModelTextBytesMax);
    return {};
}

/// Paths that can lie in one folder: no file twice, none inside another file.
Status check_files(std::vector<ModelFile> const& files) {
    if (files.empty()) return fail(Code::InvalidArgument, "a model has at least one file");
    if (files.size() > kModelFilesMax)
        return fail(Code::ResourceExhausted, "a model has at most {} files", kModelFilesMax);
    std::set<std::string_view> paths;
    for (auto const& file : files) {
        TRY_STATUS(check_model_path(file.path));
        if (!paths.insert(file.path).second)
            return fail(Code::InvalidArgument, "'{}' is there twice", file.path);
    }
    for (auto const path : paths)
        for (auto slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/', slash + 1))
            if (paths.contains(path.substr(0, slash)))
                return fail(Code::InvalidArgument, "'{}' is a file and a folder", path.substr(0, slash));
    return {};
}

Status check(NewModel const& model) {
    TRY_STATUS(check_model_name(model.name));
    TRY_STATUS(check_files(model.files));
    if (!model.root.empty()) TRY_STATUS(check_model_path(model.root));
    TRY_STATUS(check_labels(model.tags, "tag"));
    TRY_STATUS(check_labels(model.properties, "property"));
    TRY_STATUS(check_text(model.description, "description"));
    TRY_STATUS(check_text(model.framework, "framework"));
    TRY_STATUS(check_text(model.framework_version, "framework's version"));
    TRY_STATUS(check_text(model.mime_type, "MIME type"));
    TRY_STATUS(check_text(model.run_id, "run's id"));
    TRY_STATUS(check_text(model.experiment, "experiment"));
    return check_text(dump_json(model.resources), "resource requirements");
}

Status insert_labels(Database& database, std::string_view table, std::int64_t model, Labels const& labels) {
    for (auto const& [key, value] : labels)
        TRY_STATUS(database.run(fmt::format("INSERT INTO {}(model, key, value) VALUES(?, ?, ?)", table),
                                model, key, value));
    return {};
}

/// The sizes as the registry knows them, whatever the caller says.
Result<std::uint64_t> measure(Database& database, std::vector<ModelFile>& files) {
    std::uint64_t size = 0;
    for (auto& file : files) {
        auto const blob = get_blob(database, file.digest);
        if (!blob)
            return fail(blob.error().code, "'{}': its content (SHA-256 {}) has not been uploaded", file.path,
                        file.digest);
        file.size = blob->size;
        size += blob->size;
    }
    return size;
}

Result<std::int64_t> next_version(Database& database, std::string const& name) {
    return database.count(
        "INSERT INTO model_name(name, last_version) VALUES(?, 1)"
        " ON CONFLICT(name) DO UPDATE SET last_version = last_version + 1 RETURNING last_version",
        name);
}

Result<Model> load(Database& database, ModelId const& id) {
    TRY(auto statement,
        database.query(fmt::format("SELECT {} FROM model WHERE name = ?1 AND (version = ?2 OR (?2 = 0 AND"
                                   " version = (SELECT max(version) FROM model WHERE name = ?1)))",
                                   kModelColumns),
                       id.name, id.version));
    TRY(auto const there, statement.step());
    if (there) return read_model(database, statement);
    if (id.version == 0) return fail_as(Code::NotFound, "ModelNotFound", "there is no model '{}'", id.name);
    return fail_as(Code::NotFound, "ModelNotFound", "there is no model '{}' of version {}", id.name,
                   id.version);
}

Result<std::vector<Model>> load_by_asset(Database& database, std::string_view asset) {
    TRY(auto statement,
        database.query(
            fmt::format("SELECT {} FROM model WHERE asset = ? ORDER BY id LIMIT 100", kModelColumns), asset));
    return read_models(database, std::move(statement));
}

Result<Model> insert(Database& database, store::BlobStore const& blobs, NewModel& model, Time now) {
    if (!model.asset.empty()) {
        TRY(auto const same, load_by_asset(database, model.asset));
        for (auto const& other : same)
            if (other.id.name == model.name) return other;
    }
    TRY(auto const size, measure(database, model.files));
    ModelId id{.name = model.name, .version = 0};
    TRY(id.version, next_version(database, model.name));
    TRY_STATUS(database.run(
        "INSERT INTO model(name, version, root, size, description, framework, framework_version, mime_type,"
        " run_id, experiment, resources, package, asset, created_by, created_us, modified_us)"
        " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        id.name, id.version, model.root, size, model.description, model.framework, model.framework_version,
        model.mime_type, model.run_id, model.experiment, dump_json(model.resources), dump_json(model.package),
        model.asset, model.created_by, to_microseconds(now), to_microseconds(now)));
    auto const row = database.last_id();
    for (auto const& file : model.files) {
        TRY_STATUS(keep_blob(database, blobs, {.digest = file.digest, .size = file.size}));
        TRY_STATUS(database.run("INSERT INTO model_file(model, path, digest) VALUES(?, ?, ?)", row, file.path,
                                file.digest));
    }
    TRY_STATUS(insert_labels(database, "model_tag", row, model.tags));
    TRY_STATUS(insert_labels(database, "model_property", row, model.properties));
    return load(database, id);
}

Status replace_labels(Database& database, std::string_view table, std::int64_t model, Labels const& labels) {
    TRY_STATUS(database.run(fmt::format("DELETE FROM {} WHERE model = ?", table), model));
    return insert_labels(database, table, model, labels);
}

Status check_kept(Labels const& before, Labels const& after) {
    for (auto const& [key, value] : before) {
        auto const found = after.find(key);
        if (found == after.end() || found->second != value)
            return fail(Code::FailedPrecondition,
                        "the property '{}' stays as it is: properties may be added only, tags may change",
                        key);
    }
    return {};
}

Result<Model> change(Database& database, ModelId const& id, ModelUpdate const& update, Time now) {
    TRY(auto const model, load(database, id));
    if (update.tags) TRY_STATUS(replace_labels(database, "model_tag", model.row, *update.tags));
    if (update.properties) {
        TRY_STATUS(check_kept(model.properties, *update.properties));
        TRY_STATUS(replace_labels(database, "model_property", model.row, *update.properties));
    }
    TRY_STATUS(database.run("UPDATE model SET description = ?, resources = ?, modified_us = ? WHERE id = ?",
                            update.description.value_or(model.description),
                            dump_json(update.resources.value_or(model.resources)), to_microseconds(now),
                            model.row));
    return load(database, model.id);
}

}  // namespace

Result<Model> Models::add(NewModel model) const {
    TRY_STATUS(check(model));
    if (model.asset.empty()) {
        TRY(model.asset, Storage::make_id());
    }
    TRY(model.package, describe_package(*storage_, model.files));
    return storage_->ledger().run(
        [&](Database& database) { return insert(database, storage_->blobs(), model, storage_->now()); });
}

Result<Model> Models::get(ModelId const& id) const {
    return storage_->ledger().run([&](Database& database) { return load(database, id); });
}

Result<std::vector<ModelFile>> Models::files(Model const& model) const {
    return storage_->ledger().run([&](Database& database) -> Result<std::vector<ModelFile>> {
        TRY(auto rows, database.query("SELECT path, digest, size FROM model_file JOIN blob USING(digest)"
                                      " WHERE model = ? ORDER BY path",
                                      model.row));
        std::vector<ModelFile> files;
        for (;;) {
            TRY(auto const row, rows.step());
            if (!row) break;
            files.push_back({.path = rows.text(0),
                             .digest = rows.text(1),
                             .size = static_cast<std::uint64_t>(rows.integer(2))});
        }
        if (files.empty())
            return fail_as(Code::NotFound, "ModelNotFound", "the model '{}' was deleted", model.id.text());
        return files;
    });
}

Result<std::vector<Model>> Models::find_by_asset(std::string_view asset) const {
    return storage_->ledger().run([&](Database& database) { return load_by_asset(database, asset); });
}

Result<Model> Models::update(ModelId const& id, ModelUpdate const& update) const {
    if (update.tags) TRY_STATUS(check_labels(*update.tags, "tag"));
    if (update.properties) TRY_STATUS(check_labels(*update.properties, "property"));
    if (update.description) TRY_STATUS(check_text(*update.description, "description"));
    if (update.resources) TRY_STATUS(check_text(dump_json(*update.resources), "resource requirements"));
    return storage_->ledger().run(
        [&](Database& database) { return change(database, id, update, storage_->now()); });
}

Status Models::remove(ModelId const& id) const {
    TRY_STATUS(storage_->ledger().run([&](Database& database) -> Status {
        TRY(auto const model, load(database, id));
        return database.run("DELETE FROM model WHERE id = ?", model.row);
    }));
    return storage_->collect_garbage();
}

}  // namespace ounce::registry
