#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "iot/query_condition.hpp"

namespace ounce::iot {

/// A query over twins (iothub-service-rest-amqp.md D6):
///   SELECT [TOP n] * | item [AS name] {, item [AS name]}
///   FROM devices | devices.modules [WHERE condition] [GROUP BY path {, path}]
/// An item is a path, or COUNT(), AVG(path), SUM(path), MIN(path), MAX(path). A value.
class Query {
  public:
    enum class Source { Devices, Modules };

    /// Errors: InvalidArgument with the place; Unimplemented for devices.jobs.
    static Result<Query> parse(std::string_view text);

    [[nodiscard]] Source source() const { return source_; }
    [[nodiscard]] std::optional<std::int64_t> top() const { return top_; }
    /// SELECT *: rows are whole twins.
    [[nodiscard]] bool selects_all() const { return items_.empty(); }
    /// Rows come of many twins: all must be seen before there is one.
    [[nodiscard]] bool aggregates() const;

    [[nodiscard]] bool matches(Json const& twin) const { return !where_ || where_->holds_for(twin); }
    /// The row of a twin that matches; not if aggregates().
    [[nodiscard]] Json row(Json const& twin) const;

    /// Collects what an aggregating query makes of the twins that match.
    class Groups {
      public:
        static constexpr std::size_t kGroupsMax = 10'000;

        /// The query must outlive it.
        explicit Groups(Query const& query);
        /// Errors: ResourceExhausted beyond kGroupsMax.
        Status add(Json const& twin);
        [[nodiscard]] Json rows() const;

      private:
        struct Sum {
            std::int64_t count = 0;
            double sum = 0;
            Json least;
            Json most;
        };
        struct Group {
            Json key;
            std::vector<Sum> sums;  // one for each item
        };
        Query const& query_;
        std::map<std::string, Group> groups_;  // by their key as text
    };

  private:
    enum class Function { None, Count, Average, Sum, Least, Most };
    struct Item {
        std::string name;
        Function function = Function::None;
        QueryPath path;
    };
    Query() = default;
    static Result<Item> parse_item(QueryReader& reader);

    std::optional<std::int64_t> top_;
    std::vector<Item> items_;
    Source source_ = Source::Devices;
    std::optional<QueryCondition> where_;
    std::vector<QueryPath> group_by_;
};

}  // namespace ounce::iot
