#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "iot/query_token.hpp"

namespace ounce::iot {

/// A path into a twin, as `tags.site` or `configurations.[[a b]].status`.
struct QueryPath {
    std::vector<std::string> parts;

    /// What lies there; null if there is nothing. Attributes at the top are found in whatever case.
    [[nodiscard]] Json const* find(Json const& document) const;
};

/// An expression of the query language over one document: paths, texts, numbers, true, false, null, lists;
/// = != <> < > <= >= IN NIN; AND OR NOT; + - * / %; IS_DEFINED(path). A value; cheap to copy.
///
/// What a document does not have is no value: all comparisons with it are false. Values of different kinds
/// are different, and none is smaller.
class QueryCondition {
  public:
    static constexpr int kDepthMax = 64;  // of expressions in each other

    /// True for the documents that are meant.
    [[nodiscard]] bool holds_for(Json const& document) const;
    /// What the expression comes to; none if it has no value.
    [[nodiscard]] std::optional<Json> value_in(Json const& document) const;

    struct Node;
    explicit QueryCondition(std::shared_ptr<Node const> root) : root_(std::move(root)) {}

  private:
    std::shared_ptr<Node const> root_;
};

/// Reads tokens one after the other.
class QueryReader {
  public:
    explicit QueryReader(std::vector<QueryToken> tokens) : tokens_(std::move(tokens)) {}

    [[nodiscard]] QueryToken const& peek(std::size_t ahead = 0) const {
        return tokens_[std::min(next_ + ahead, tokens_.size() - 1)];
    }
    QueryToken take() { return next_ + 1 < tokens_.size() ? tokens_[next_++] : tokens_.back(); }
    /// Takes the token if it is that word.
    bool accept(std::string_view word);
    /// Errors: InvalidArgument if it is not.
    Status expect(std::string_view word);

    Result<QueryPath> path();
    Result<QueryCondition> condition();

    /// InvalidArgument at the next token.
    [[nodiscard]] tl::unexpected<Error> wrong(std::string_view what) const;

  private:
    std::vector<QueryToken> tokens_;
    std::size_t next_ = 0;
};

}  // namespace ounce::iot
