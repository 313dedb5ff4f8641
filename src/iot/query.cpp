#include "iot/query.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace ounce::iot {
namespace {

constexpr std::size_t kItemsMax = 64;

/// MIN and MAX are of numbers and texts, whichever came first.
bool comparable(Json const& held, Json const& value) {
    return (value.is_number() && (held.is_null() || held.is_number())) ||
           (value.is_string() && (held.is_null() || held.is_string()));
}

}  // namespace

Result<Query::Item> Query::parse_item(QueryReader& reader) {
    struct Name {
        std::string_view text;
        Function function;
    };
    constexpr Name kNames[] = {{"COUNT", Function::Count},
                               {"AVG", Function::Average},
                               {"SUM", Function::Sum},
                               {"MIN", Function::Least},
                               {"MAX", Function::Most}};
    Item item;
    if (reader.peek(1).is("(")) {
        auto const* const known =
            std::ranges::find_if(kNames, [&](Name const& name) { return reader.peek().is(name.text); });
        if (known == std::end(kNames))
            return reader.wrong("of functions there are COUNT, AVG, SUM, MIN and MAX here");
        item.function = known->function;
        item.name = reader.take().text;
        TRY_STATUS(reader.expect("("));
        if (item.function != Function::Count) {
            TRY(item.path, reader.path());
        }
        TRY_STATUS(reader.expect(")"));
    } else {
        TRY(item.path, reader.path());
        item.name = item.path.parts.back();
    }
    if (reader.accept("AS")) {
        TRY(auto const alias, reader.path());
        if (alias.parts.size() != 1) return reader.wrong("a name after AS has no '.'");
        item.name = alias.parts.front();
    }
    return item;
}

Result<Query> Query::parse(std::string_view text) {
    TRY(auto tokens, split_query(text));
    QueryReader reader(std::move(tokens));
    Query query;
    TRY_STATUS(reader.expect("SELECT"));
    if (reader.accept("TOP")) {
        auto const number = reader.peek().text;
        std::int64_t top = 0;
        auto const [end, error] = std::from_chars(number.data(), number.data() + number.size(), top);
        if (error != std::errc() || end != number.data() + number.size())
            return reader.wrong("a whole number is missing after TOP");
        reader.take();
        query.top_ = top;
    }
    if (!reader.accept("*")) {
        do {
            if (query.items_.size() == kItemsMax) return reader.wrong("too many items");
            TRY(auto item, parse_item(reader));
            query.items_.push_back(std::move(item));
        } while (reader.accept(","));
    }
    TRY_STATUS(reader.expect("FROM"));
    TRY_STATUS(reader.expect("devices"));
    if (reader.accept(".")) {
        if (reader.peek().is("jobs"))
            return fail(Code::Unimplemented, "queries over devices.jobs are to come");
        TRY_STATUS(reader.expect("modules"));
        query.source_ = Source::Modules;
    }
    if (reader.accept("WHERE")) {
        TRY(query.where_, reader.condition());
    }
    if (reader.accept("GROUP")) {
        TRY_STATUS(reader.expect("BY"));
        do {
            if (query.group_by_.size() == kItemsMax) return reader.wrong("too many paths");
            TRY(auto path, reader.path());
            query.group_by_.push_back(std::move(path));
        } while (reader.accept(","));
        if (query.selects_all()) return reader.wrong("GROUP BY needs a list after SELECT, not *");
    }
    if (reader.peek().kind != QueryToken::Kind::End) return reader.wrong("this is too much");
    return query;
}

bool Query::aggregates() const {
    return !group_by_.empty() ||
           std::ranges::any_of(items_, [](Item const& item) { return item.function != Function::None; });
}

Json Query::row(Json const& twin) const {
    if (selects_all()) return twin;
    auto row = Json::object();
    for (auto const& item : items_) {
        if (item.function != Function::None) continue;
        if (auto const* const found = item.path.find(twin)) row[item.name] = *found;
    }
    return row;
}

Query::Groups::Groups(Query const& query) : query_(query) {
    // Without GROUP BY there is one row, also of no twins.
    if (query.group_by_.empty())
        groups_.emplace("[]", Group{Json::object(), std::vector<Sum>(query.items_.size())});
}

Status Query::Groups::add(Json const& twin) {
    auto key = Json::array();
    for (auto const& path : query_.group_by_) {
        auto const* const found = path.find(twin);
        key.push_back(found ? Json::array({*found}) : Json::array());  // nothing is not null
    }
    auto const text = dump_json(key);
    if (groups_.size() >= kGroupsMax && !groups_.contains(text))
        return fail(Code::ResourceExhausted, "the query makes more than {} groups", kGroupsMax);
    auto const [place, made] = groups_.try_emplace(text);
    auto& group = place->second;
    if (made) {
        group.key = query_.row(twin);
        group.sums.resize(query_.items_.size());
    }
    for (std::size_t i = 0; i < query_.items_.size(); ++i) {
        auto& sum = group.sums[i];
        if (query_.items_[i].function == Function::Count) {
            ++sum.count;
            continue;
        }
        auto const* const value = query_.items_[i].path.find(twin);
        if (!value) continue;
        if (value->is_number()) {
            ++sum.count;
            sum.sum += value->get<double>();
        }
        if (comparable(sum.least, *value) && (sum.least.is_null() || *value < sum.least)) sum.least = *value;
        if (comparable(sum.most, *value) && (sum.most.is_null() || sum.most < *value)) sum.most = *value;
    }
    return {};
}

Json Query::Groups::rows() const {
    auto rows = Json::array();
    for (auto const& [text, group] : groups_) {
        if (query_.top_ && static_cast<std::int64_t>(rows.size()) >= *query_.top_) break;
        auto row = Json::object();
        for (std::size_t i = 0; i < query_.items_.size(); ++i) {
            auto const& item = query_.items_[i];
            auto const& sum = group.sums[i];
            switch (item.function) {
                case Function::None:
                    if (group.key.contains(item.name)) row[item.name] = group.key[item.name];
                    break;
                case Function::Count:
                    row[item.name] = sum.count;
                    break;
                case Function::Sum:
                    row[item.name] = sum.sum;
                    break;
                case Function::Average:
                    if (sum.count > 0) row[item.name] = sum.sum / static_cast<double>(sum.count);
                    break;
                case Function::Least:
                    if (!sum.least.is_null()) row[item.name] = sum.least;
                    break;
                case Function::Most:
                    if (!sum.most.is_null()) row[item.name] = sum.most;
                    break;
            }
        }
        rows.push_back(std::move(row));
    }
    return rows;
}

}  // namespace ounce::iot
