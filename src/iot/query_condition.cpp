#include "iot/query_condition.hpp"

#include <array>
#include <cmath>
#include <cstdlib>
#include <utility>
#include <variant>

namespace ounce::iot {

struct QueryCondition::Node {
    using Children = std::vector<std::shared_ptr<Node const>>;
    struct Constant {
        Json value;
    };
    struct Lookup {
        QueryPath path;
    };
    struct IsDefined {
        QueryPath path;
    };
    struct List {
        Children items;
    };
    struct Operation {
        std::string name;  // in upper case
        Children operands;
    };
    std::variant<Constant, Lookup, IsDefined, List, Operation> what;
};

namespace {

using Node = QueryCondition::Node;
using NodePtr = std::shared_ptr<Node const>;

NodePtr make(auto what) {
    return std::make_shared<Node const>(Node{std::move(what)});
}

std::optional<Json> evaluate(Node const& node, Json const& document);

bool same_kind(Json const& a, Json const& b) {
    return (a.is_number() && b.is_number()) || a.type() == b.type();
}

bool compare(std::string const& name, Json const& a, Json const& b) {
    bool const equal = same_kind(a, b) && a == b;
    if (name == "=") return equal;
    if (name == "!=" || name == "<>") return !equal;
    bool const ordered = same_kind(a, b) && (a.is_number() || a.is_string());
    if (!ordered) return false;
    if (name == "<") return a < b;
    if (name == ">") return b < a;
    if (name == "<=") return !(b < a);
    return !(a < b);
}

std::optional<Json> calculate(std::string const& name, Json const& a, Json const& b) {
    if (name == "+" && a.is_string() && b.is_string()) return a.get<std::string>() + b.get<std::string>();
    if (!a.is_number() || !b.is_number()) return std::nullopt;
    auto const x = a.get<double>();
    auto const y = b.get<double>();
    auto const result = name == "+"   ? x + y
                        : name == "-" ? x - y
                        : name == "*" ? x * y
                        : name == "/" ? x / y
                                      : std::fmod(x, y);
    // Divided by zero: JSON has no such number.
    return std::isfinite(result) ? std::optional<Json>(result) : std::nullopt;
}

bool is_true(std::optional<Json> const& value) {
    return value && value->is_boolean() && value->get<bool>();
}

std::optional<Json> operate(Node::Operation const& operation, Json const& document) {
    auto const& name = operation.name;
    auto const value = [&](std::size_t index) { return evaluate(*operation.operands[index], document); };
    if (name == "NOT") return !is_true(value(0));
    if (name == "AND") return is_true(value(0)) && is_true(value(1));
    if (name == "OR") return is_true(value(0)) || is_true(value(1));
    auto const left = value(0);
    auto const right = value(1);
    if (name == "IN" || name == "NIN") {
        if (!left || !right) return false;
        bool const among = std::ranges::any_of(
            *right, [&](Json const& item) { return same_kind(*left, item) && *left == item; });
        return among == (name == "IN");
    }
    constexpr std::string_view kComparisons = "= != <> < > <= >=";
    bool const compares = kComparisons.find(name) != std::string_view::npos;
    if (!left || !right) return compares ? std::optional<Json>(false) : std::nullopt;
    if (compares) return compare(name, *left, *right);
    return calculate(name, *left, *right);
}

std::optional<Json> evaluate(Node const& node, Json const& document) {
    if (auto const* const constant = std::get_if<Node::Constant>(&node.what)) return constant->value;
    if (auto const* const lookup = std::get_if<Node::Lookup>(&node.what)) {
        auto const* const found = lookup->path.find(document);
        return found ? std::optional<Json>(*found) : std::nullopt;
    }
    if (auto const* const defined = std::get_if<Node::IsDefined>(&node.what))
        return defined->path.find(document) != nullptr;
    if (auto const* const list = std::get_if<Node::List>(&node.what)) {
        auto items = Json::array();
        for (auto const& item : list->items)
            if (auto value = evaluate(*item, document)) items.push_back(std::move(*value));
        return items;
    }
    return operate(std::get<Node::Operation>(node.what), document);
}

/// Operators from the weakest to the strongest; those of a line bind alike.
using Level = std::vector<std::string_view>;
std::array<Level, 5> const kLevels = {Level{"OR"}, Level{"AND"},
                                      Level{"=", "!=", "<>", "<=", ">=", "<", ">", "IN", "NIN"},
                                      Level{"+", "-"}, Level{"*", "/", "%"}};
constexpr std::size_t kNotLevel = 2;  // NOT binds weaker than comparisons, stronger than AND

class Parser {
  public:
    explicit Parser(QueryReader& reader) : reader_(reader) {}

    Result<NodePtr> level(std::size_t index, int depth) {
        if (depth > QueryCondition::kDepthMax) return reader_.wrong("too many expressions in each other");
        if (index == kLevels.size()) return primary(depth + 1);
        if (index == kNotLevel && reader_.accept("NOT")) {
            TRY(auto operand, level(index, depth + 1));
            return make(Node::Operation{"NOT", {std::move(operand)}});
        }
        TRY(auto left, level(index + 1, depth));
        for (int chained = 0;; ++chained) {
            // A chain leans to the left: its length is how deep it nests.
            if (depth + chained > QueryCondition::kDepthMax) return reader_.wrong("too long a condition");
            auto const name = operator_of(kLevels[index]);
            if (name.empty()) return left;
            reader_.take();
            TRY(auto right, name == "IN" || name == "NIN" ? list(depth + 1) : level(index + 1, depth + 1));
            left = make(Node::Operation{std::string(name), {std::move(left), std::move(right)}});
        }
    }

  private:
    [[nodiscard]] std::string_view operator_of(Level const& names) const {
        auto const found =
            std::ranges::find_if(names, [&](std::string_view name) { return reader_.peek().is(name); });
        return found == names.end() ? std::string_view() : *found;
    }

    Result<NodePtr> list(int depth) {
        TRY_STATUS(reader_.expect("["));
        Node::List items;
        while (!reader_.accept("]")) {
            if (!items.items.empty()) TRY_STATUS(reader_.expect(","));
            TRY(auto item, level(0, depth + 1));
            items.items.push_back(std::move(item));
        }
        return make(std::move(items));
    }

    Result<NodePtr> primary(int depth) {
        auto const& token = reader_.peek();
        if (reader_.accept("(")) {
            TRY(auto inner, level(0, depth));
            TRY_STATUS(reader_.expect(")"));
            return inner;
        }
        if (reader_.accept("-")) {
            TRY(auto operand, level(kLevels.size(), depth));
            return make(Node::Operation{"-", {make(Node::Constant{0}), std::move(operand)}});
        }
        if (token.is("[")) return list(depth);
        if (token.kind == QueryToken::Kind::Text) return make(Node::Constant{reader_.take().text});
        if (token.kind == QueryToken::Kind::Number) return number();
        if (reader_.accept("true")) return make(Node::Constant{true});
        if (reader_.accept("false")) return make(Node::Constant{false});
        if (reader_.accept("null")) return make(Node::Constant{nullptr});
        if (reader_.peek(1).is("(")) return function();
        TRY(auto path, reader_.path());
        return make(Node::Lookup{std::move(path)});
    }

    Result<NodePtr> number() {
        auto const parsed = parse_json(reader_.peek().text);
        if (!parsed) return reader_.wrong("this is no number");
        reader_.take();
        return make(Node::Constant{*parsed});
    }

    Result<NodePtr> function() {
        if (!reader_.accept("IS_DEFINED"))
            return reader_.wrong("of functions there is only IS_DEFINED(path)");
        TRY_STATUS(reader_.expect("("));
        TRY(auto path, reader_.path());
        TRY_STATUS(reader_.expect(")"));
        return make(Node::IsDefined{std::move(path)});
    }

    QueryReader& reader_;
};

}  // namespace

Json const* QueryPath::find(Json const& document) const {
    auto const* place = &document;
    for (auto const& part : parts) {
        if (!place->is_object()) return nullptr;
        auto found = place->find(part);
        if (found == place->end() && place == &document)
            for (found = place->begin(); found != place->end() && !same_word(found.key(), part);) ++found;
        if (found == place->end()) return nullptr;
        place = &*found;
    }
    return place;
}

bool QueryCondition::holds_for(Json const& document) const {
    return is_true(value_in(document));
}

std::optional<Json> QueryCondition::value_in(Json const& document) const {
    return evaluate(*root_, document);
}

bool QueryReader::accept(std::string_view word) {
    if (!peek().is(word)) return false;
    take();
    return true;
}

Status QueryReader::expect(std::string_view word) {
    if (accept(word)) return {};
    return wrong(fmt::format("'{}' is missing here", word));
}

Result<QueryPath> QueryReader::path() {
    QueryPath path;
    do {
        auto const kind = peek().kind;
        if (kind != QueryToken::Kind::Word && kind != QueryToken::Kind::QuotedName)
            return wrong("a name is missing here");
        path.parts.push_back(take().text);
    } while (accept("."));
    return path;
}

Result<QueryCondition> QueryReader::condition() {
    TRY(auto root, Parser(*this).level(0, 0));
    return QueryCondition(std::move(root));
}

tl::unexpected<Error> QueryReader::wrong(std::string_view what) const {
    return fail_as(Code::InvalidArgument, "ArgumentInvalid", "the query at character {}: {}",
                   peek().place + 1, what);
}

}  // namespace ounce::iot
