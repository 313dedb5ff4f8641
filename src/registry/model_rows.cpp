#include "registry/model_rows.hpp"

#include "base/utf8.hpp"

namespace ounce::registry {
namespace {

using store::Database;

Result<Labels> read_labels(Database& database, std::string_view table, std::int64_t model) {
    TRY(auto rows, database.query(fmt::format("SELECT key, value FROM {} WHERE model = ?", table), model));
    Labels labels;
    for (;;) {
        TRY(auto const row, rows.step());
        if (!row) return labels;
        labels.emplace(rows.text(0), rows.text(1));
    }
}

}  // namespace

Result<Model> read_model(Database& database, store::Statement& statement) {
    Model model;
    model.row = statement.integer(0);
    model.id = {.name = statement.text(1), .version = statement.integer(2)};
    model.root = statement.text(3);
    model.size = static_cast<std::uint64_t>(statement.integer(4));
    model.description = statement.text(5);
    model.framework = statement.text(6);
    model.framework_version = statement.text(7);
    model.mime_type = statement.text(8);
    model.run_id = statement.text(9);
    model.experiment = statement.text(10);
    TRY(model.resources, parse_json(statement.text(11)));
    TRY(model.package, parse_json(statement.text(12)));
    model.asset = statement.text(13);
    model.created_by = statement.text(14);
    model.created = from_microseconds(statement.integer(15));
    model.modified = from_microseconds(statement.integer(16));
    TRY(model.tags, read_labels(database, "model_tag", model.row));
    TRY(model.properties, read_labels(database, "model_property", model.row));
    return model;
}

Result<std::vector<Model>> read_models(Database& database, store::Statement statement) {
    std::vector<Model> models;
    for (;;) {
        TRY(auto const row, statement.step());
        if (!row) return models;
        TRY(auto model, read_model(database, statement));
        models.push_back(std::move(model));
    }
}

Status check_labels(Labels const& labels, std::string_view what) {
    if (labels.size() > kModelLabelsMax)
        return fail(Code::ResourceExhausted, "a model has at most {} of each kind of label; '{}' has {}",
                    kModelLabelsMax, what, labels.size());
    for (auto const& [key, value] : labels) {
        if (key.empty()) return fail(Code::InvalidArgument, "the key of a {} is empty", what);
        if (!is_utf8(key) || !is_utf8(value)) return fail(Code::InvalidArgument, "a {} is not UTF-8", what);
        if (key.size() > kModelLabelKeyBytesMax || value.size() > kModelTextBytesMax)
            return fail(Code::ResourceExhausted,
                        "a {} has a key of at most {} and a value of at most {} bytes", what,
                        kModelLabelKeyBytesMax, kModelTextBytesMax);
    }
    return {};
}

}  // namespace ounce::registry
