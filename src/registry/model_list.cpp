#include <charconv>

#include "registry/model_rows.hpp"
#include "registry/models.hpp"

namespace ounce::registry {
namespace {

using store::Database;
using store::Value;

/// The place in a list after which a page begins: the ordering column and the row's id.
struct Place {
    std::int64_t time = 0;
    std::int64_t row = 0;
};

Result<Place> parse_place(std::string_view token) {
    Place place;
    auto const* const end = token.data() + token.size();
    auto const time = std::from_chars(token.data(), end, place.time);
    if (time.ec == std::errc() && time.ptr != end && *time.ptr == '.') {
        auto const row = std::from_chars(time.ptr + 1, end, place.row);
        if (row.ec == std::errc() && row.ptr == end) return place;
    }
    return fail(Code::InvalidArgument, "this skip token is not one of ours");
}

/// A SELECT that grows condition by condition.
struct Selection {
    std::string sql;
    std::vector<Value> values;

    void where(std::string_view condition, std::initializer_list<Value> with) {
        sql += sql.empty() ? " WHERE " : " AND ";
        sql += condition;
        values.insert(values.end(), with.begin(), with.end());
    }
};

void where_labels(Selection& selection, std::string_view table, ModelFilter::Wanted const& wanted) {
    for (auto const& [key, value] : wanted) {
        auto const there = fmt::format("EXISTS(SELECT 1 FROM {} WHERE model = model.id AND key = ?", table);
        if (value)
            selection.where(there + " AND value = ?)", {key, *value});
        else
            selection.where(there + ")", {key});
    }
}

struct Ordering {
    std::string_view column;
    bool descending;
};

Ordering ordering_of(ModelFilter::Order order) {
    switch (order) {
        case ModelFilter::Order::CreatedAscending:
            return {"created_us", false};
        case ModelFilter::Order::ModifiedDescending:
            return {"modified_us", true};
        case ModelFilter::Order::ModifiedAscending:
            return {"modified_us", false};
        case ModelFilter::Order::CreatedDescending:
            break;
    }
    return {"created_us", true};
}

}  // namespace

Result<ModelPage> Models::list(ModelFilter const& filter) const {
    if (filter.tags.size() + filter.properties.size() > ModelFilter::kWantedMax)
        return fail(Code::ResourceExhausted, "a filter names at most {} tags and properties",
                    ModelFilter::kWantedMax);
    if (filter.count < 1 || filter.count > ModelFilter::kCountMax)
        return fail(Code::InvalidArgument, "count is 1 to {}", ModelFilter::kCountMax);
    Selection selection;
    if (filter.name) selection.where("name = ?", {*filter.name});
    if (filter.framework) selection.where("framework = ?", {*filter.framework});
    if (filter.run_id) selection.where("run_id = ?", {*filter.run_id});
    if (filter.latest_only)
        selection.where("version = (SELECT max(version) FROM model other WHERE other.name = model.name)", {});
    where_labels(selection, "model_tag", filter.tags);
    where_labels(selection, "model_property", filter.properties);
    auto const [column, descending] = ordering_of(filter.order);
    if (!filter.skip_token.empty()) {
        TRY(auto const place, parse_place(filter.skip_token));
        selection.where(fmt::format("({}, id) {} (?, ?)", column, descending ? '<' : '>'),
                        {place.time, place.row});
    }
    // One more than asked: so the last page is known to be the last.
    auto const way = descending ? "DESC" : "ASC";
    auto const sql = fmt::format("SELECT {} FROM model{} ORDER BY {} {}, id {} LIMIT {}", kModelColumns,
                                 selection.sql, column, way, way, filter.count + 1);
    TRY(auto models, storage_->ledger().run([&](Database& database) -> Result<std::vector<Model>> {
        TRY(auto statement, database.prepare(sql, selection.values));
        return read_models(database, std::move(statement));
    }));
    ModelPage page{.models = std::move(models), .next = {}};
    if (page.models.size() > filter.count) {
        page.models.pop_back();
        auto const& last = page.models.back();
        page.next = fmt::format(
            "{}.{}", to_microseconds(column == "created_us" ? last.created : last.modified), last.row);
    }
    return page;
}

}  // namespace ounce::registry
