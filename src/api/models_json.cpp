#include "api/models_json.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace ounce::api {
namespace {

using registry::ModelFilter;

tl::unexpected<Error> wrong(std::string_view what, std::string_view wanted) {
    return fail(Code::InvalidArgument, "'{}' is {}", what, wanted);
}

/// A member that may be absent or null. Errors: InvalidArgument.
Result<std::string> optional_text(Json const& json, char const* key) {
    auto const found = json.find(key);
    if (found == json.end() || found->is_null()) return std::string();
    if (!found->is_string()) return wrong(key, "a text");
    return found->get<std::string>();
}

Result<registry::Labels> optional_labels(Json const& json, char const* key) {
    auto const found = json.find(key);
    if (found == json.end() || found->is_null()) return registry::Labels();
    return parse_labels(*found, key);
}

Result<ModelFilter::Order> parse_order(std::string_view text) {
    constexpr std::array<std::pair<std::string_view, ModelFilter::Order>, 4> kOrders{{
        {"created-desc", ModelFilter::Order::CreatedDescending},
        {"created", ModelFilter::Order::CreatedAscending},
        {"modified-desc", ModelFilter::Order::ModifiedDescending},
        {"modified", ModelFilter::Order::ModifiedAscending},
    }};
    for (auto const& [name, order] : kOrders)
        if (text == name) return order;
    return wrong("order", "created-desc, created, modified-desc or modified");
}

Result<std::size_t> parse_count(std::string_view text) {
    std::size_t count = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc() || end != text.data() + text.size()) return wrong("count", "a number");
    return count;
}

}  // namespace

Json to_json(registry::Model const& model) {
    return {{"id", model.id.text()},
            {"name", model.id.name},
            {"version", model.id.version},
            {"root", model.root},
            {"size", model.size},
            {"tags", model.tags},
            {"properties", model.properties},
            {"description", model.description},
            {"framework", model.framework},
            {"frameworkVersion", model.framework_version},
            {"package", model.package},
            {"createdBy", model.created_by},
            {"created", to_iso8601(model.created)},
            {"modified", to_iso8601(model.modified)}};
}

Json to_json(std::vector<registry::ModelFile> const& files) {
    Json list = Json::array();
    for (auto const& file : files)
        list.push_back({{"path", file.path}, {"size", file.size}, {"sha256", file.digest}});
    return list;
}

Result<registry::Labels> parse_labels(Json const& json, std::string_view what) {
    registry::Labels labels;
    if (!json.is_object()) return wrong(what, "an object of texts");
    for (auto const& [key, value] : json.items()) {
        if (!value.is_string()) return wrong(what, "an object of texts");
        labels.emplace(key, value.get<std::string>());
    }
    return labels;
}

Result<registry::NewModel> parse_new_model(Json const& json) {
    if (!json.is_object()) return fail(Code::InvalidArgument, "a model is a JSON object");
    registry::NewModel model;
    TRY(model.name, json_member<std::string>(json, "name"));
    TRY(model.root, optional_text(json, "root"));
    TRY(model.description, optional_text(json, "description"));
    TRY(model.framework, optional_text(json, "framework"));
    TRY(model.framework_version, optional_text(json, "frameworkVersion"));
    TRY(model.tags, optional_labels(json, "tags"));
    TRY(model.properties, optional_labels(json, "properties"));
    auto const files = json.find("files");
    if (files == json.end()) return model;
    if (!files->is_array()) return wrong("files", "a list of {\"path\", \"sha256\"}");
    if (files->size() > registry::kModelFilesMax)
        return fail(Code::ResourceExhausted, "a model has at most {} files", registry::kModelFilesMax);
    for (auto const& file : *files) {
        registry::ModelFile entry;
        TRY(entry.path, json_member<std::string>(file, "path"));
        TRY(entry.digest, json_member<std::string>(file, "sha256"));
        model.files.push_back(std::move(entry));
    }
    return model;
}

Result<registry::ModelUpdate> parse_model_update(Json const& json) {
    if (!json.is_object()) return fail(Code::InvalidArgument, "an update is a JSON object");
    registry::ModelUpdate update;
    for (auto const& [key, value] : json.items()) {
        if (key == "tags") {
            TRY(update.tags, parse_labels(value, key));
        } else if (key == "properties") {
            TRY(update.properties, parse_labels(value, key));
        } else if (key == "description") {
            TRY(update.description, optional_text(json, "description"));
        } else {
            return wrong(key, "not known here: tags, properties and description may change");
        }
    }
    return update;
}

void add_wanted(ModelFilter::Wanted& wanted, std::string_view text) {
    auto const equals = text.find('=');
    if (equals == std::string_view::npos)
        wanted.insert_or_assign(std::string(text), std::nullopt);
    else
        wanted.insert_or_assign(std::string(text.substr(0, equals)), std::string(text.substr(equals + 1)));
}

Result<ModelFilter> parse_model_filter(std::span<std::pair<std::string, std::string> const> query) {
    ModelFilter filter;
    for (auto const& [key, value] : query) {
        if (key == "name") {
            filter.name = value;
        } else if (key == "framework") {
            filter.framework = value;
        } else if (key == "tag") {
            add_wanted(filter.tags, value);
        } else if (key == "property") {
            add_wanted(filter.properties, value);
        } else if (key == "latest") {
            if (value != "true" && value != "false") return wrong(key, "true or false");
            filter.latest_only = value == "true";
        } else if (key == "order") {
            TRY(filter.order, parse_order(value));
        } else if (key == "count") {
            TRY(filter.count, parse_count(value));
        } else if (key == "next") {
            filter.skip_token = value;
        } else {
            return wrong(key, "not known here: name, framework, tag, property, latest, order, count, next");
        }
    }
    return filter;
}

}  // namespace ounce::api
