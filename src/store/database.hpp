#pragma once

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/bytes.hpp"
#include "base/result.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace ounce::store {

/// NULL, a number, text, or bytes: what SQLite keeps in a cell.
using Value = std::variant<std::monostate, std::int64_t, double, std::string, Bytes>;

/// One step of a schema: `sql` brings it from version `number` - 1 to `number`.
struct Migration {
    int number = 0;
    std::string_view sql;
};

class Database;

/// A prepared statement, bound and ready to step. It goes back to its database's cache when it dies, so it
/// must not outlive the database. One thread.
class Statement {
  public:
    Statement(Statement&& other) noexcept;
    Statement& operator=(Statement&&) = delete;
    Statement(Statement const&) = delete;
    ~Statement();

    /// True while there is a row. Errors: see Database.
    Result<bool> step();

    [[nodiscard]] bool is_null(int column) const;
    [[nodiscard]] std::int64_t integer(int column) const;
    [[nodiscard]] double number(int column) const;
    [[nodiscard]] std::string text(int column) const;
    [[nodiscard]] Bytes bytes(int column) const;

  private:
    friend class Database;
    Statement(Database& database, std::string sql, sqlite3_stmt* handle)
        : database_(&database), sql_(std::move(sql)), handle_(handle) {}

    Database* database_;
    std::string sql_;
    sqlite3_stmt* handle_;
};

/// One SQLite file: write-ahead log, full sync (an acknowledged commit survives a power cut). One thread at a
/// time.
///
/// Errors of every call: ResourceExhausted if the disk is full; PermissionDenied if the file cannot be
/// written; Unavailable if another process holds it; DataLoss if it is damaged or no database;
/// Internal otherwise, with SQLite's words.
class Database {
  public:
    enum class Access {
        Exclusive,  // this process alone, while it is open: others are told at once
        Shared,     // other processes may read meanwhile (a backup); writers still take turns
    };

    /// Opens or makes `path` and brings its schema up to date, each migration in one transaction.
    /// `migrations` are numbered 1, 2, 3, ...; the file remembers the last one done.
    /// Errors: FailedPrecondition if the file was written by a newer program.
    static Result<Database> open(std::filesystem::path const& path, std::span<Migration const> migrations,
                                 Access access = Access::Exclusive);

    Database(Database&&) noexcept;
    Database& operator=(Database&&) noexcept;
    ~Database();

    /// Prepares `sql` (or takes it from the cache) and binds `values` to its parameters in order.
    Result<Statement> prepare(std::string_view sql, std::span<Value const> values);
    template <class... Args>
    Result<Statement> query(std::string_view sql, Args&&... args) {
        Value const values[] = {to_value(std::forward<Args>(args))..., Value{}};
        return prepare(sql, std::span(values, sizeof...(Args)));
    }
    /// Runs one statement to its end.
    template <class... Args>
    Status run(std::string_view sql, Args&&... args) {
        TRY(auto statement, query(sql, std::forward<Args>(args)...));
        return finish(statement);
    }
    /// The first column of the first row as a whole number, `otherwise` if there is no row.
    template <class... Args>
    Result<std::int64_t> count(std::string_view sql, Args&&... args) {
        TRY(auto statement, query(sql, std::forward<Args>(args)...));
        TRY(auto const row, statement.step());
        return row ? statement.integer(0) : 0;
    }

    /// Several statements separated by ';', no parameters.
    Status execute(std::string_view script);

    Status begin();
    Status commit();
    /// Ends an open transaction without keeping it; nothing to do if there is none.
    void roll_back() noexcept;

    /// False also after SQLite itself gave the transaction up (full disk).
    [[nodiscard]] bool in_transaction() const;

    [[nodiscard]] std::int64_t last_id() const;
    /// Rows changed by the last statement.
    [[nodiscard]] std::int64_t changes() const;

  private:
    friend class Statement;
    struct State;
    explicit Database(std::unique_ptr<State> state);

    static Status finish(Statement& statement);
    [[nodiscard]] tl::unexpected<Error> error(int code) const;
    void give_back(std::string const& sql, sqlite3_stmt* handle) noexcept;

    static Value to_value(std::nullptr_t) { return {}; }
    static Value to_value(double value) { return value; }
    static Value to_value(std::string value) { return value; }
    static Value to_value(std::string_view value) { return std::string(value); }
    static Value to_value(char const* value) { return std::string(value); }
    static Value to_value(Bytes value) { return value; }
    static Value to_value(Value value) { return value; }
    template <std::integral T>
    static Value to_value(T value) {
        return static_cast<std::int64_t>(value);
    }

    std::unique_ptr<State> state_;
};

/// Commits when told to, else rolls back when it dies.
class Transaction {
  public:
    static Result<Transaction> begin(Database& database) {
        TRY_STATUS(database.begin());
        return Transaction(database);
    }
    Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
    Transaction& operator=(Transaction&&) = delete;
    Transaction(Transaction const&) = delete;
    ~Transaction() {
        if (database_) database_->roll_back();
    }
    Status commit() { return std::exchange(database_, nullptr)->commit(); }

  private:
    explicit Transaction(Database& database) : database_(&database) {}
    Database* database_;
};

}  // namespace ounce::store
