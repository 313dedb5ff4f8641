#include "store/database.hpp"

#include <sqlite3.h>

#include <map>
#include <vector>

#include "store/sqlite_error.hpp"

namespace ounce::store {
namespace {

/// Statements kept prepared; beyond that the oldest idea of a cache is enough: throw it all away.
constexpr std::size_t kCachedStatementsMax = 128;

}  // namespace

struct Database::State {
    sqlite3* handle = nullptr;
    std::filesystem::path path;
    std::multimap<std::string, sqlite3_stmt*, std::less<>> idle;

    State() = default;
    State(State const&) = delete;
    State& operator=(State const&) = delete;
    ~State() {
        for (auto const& [sql, statement] : idle) sqlite3_finalize(statement);
        sqlite3_close(handle);
    }
};

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_),
      sql_(std::move(other.sql_)),
      handle_(std::exchange(other.handle_, nullptr)) {}

Statement::~Statement() {
    if (handle_) database_->give_back(sql_, handle_);
}

Result<bool> Statement::step() {
    auto const code = sqlite3_step(handle_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    return database_->error(code);
}

bool Statement::is_null(int column) const {
    return sqlite3_column_type(handle_, column) == SQLITE_NULL;
}
std::int64_t Statement::integer(int column) const {
    return sqlite3_column_int64(handle_, column);
}
double Statement::number(int column) const {
    return sqlite3_column_double(handle_, column);
}
std::string Statement::text(int column) const {
    auto const* const text = reinterpret_cast<char const*>(sqlite3_column_text(handle_, column));
    auto const size = static_cast<std::size_t>(sqlite3_column_bytes(handle_, column));
    return text ? std::string(text, size) : std::string();
}
Bytes Statement::bytes(int column) const {
    auto const* const data = static_cast<std::uint8_t const*>(sqlite3_column_blob(handle_, column));
    auto const size = static_cast<std::size_t>(sqlite3_column_bytes(handle_, column));
    return data ? Bytes(data, data + size) : Bytes();
}

Database::Database(std::unique_ptr<State> state) : state_(std::move(state)) {}
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;
Database::~Database() = default;

tl::unexpected<Error> Database::error(int code) const {
    return sqlite_failure(state_->handle, state_->path, code);
}

void Database::give_back(std::string const& sql, sqlite3_stmt* handle) noexcept {
    sqlite3_reset(handle);
    sqlite3_clear_bindings(handle);
    if (state_->idle.size() >= kCachedStatementsMax) {
        for (auto const& [text, statement] : state_->idle) sqlite3_finalize(statement);
        state_->idle.clear();
    }
    state_->idle.emplace(sql, handle);
}

Result<Statement> Database::prepare(std::string_view sql, std::span<Value const> values) {
    sqlite3_stmt* handle = nullptr;
    if (auto const found = state_->idle.find(sql); found != state_->idle.end()) {
        handle = found->second;
        state_->idle.erase(found);
    } else {
        auto const code = sqlite3_prepare_v3(state_->handle, sql.data(), static_cast<int>(sql.size()),
                                             SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
        if (code != SQLITE_OK) return error(code);
    }
    Statement statement(*this, std::string(sql), handle);
    int index = 0;
    for (auto const& value : values) {
        ++index;
        int code = SQLITE_OK;
        if (auto const* const integer = std::get_if<std::int64_t>(&value)) {
            code = sqlite3_bind_int64(handle, index, *integer);
        } else if (auto const* const number = std::get_if<double>(&value)) {
            code = sqlite3_bind_double(handle, index, *number);
        } else if (auto const* const text = std::get_if<std::string>(&value)) {
            code =
                sqlite3_bind_text64(handle, index, text->data(), text->size(), SQLITE_TRANSIENT, SQLITE_UTF8);
        } else if (auto const* const bytes = std::get_if<Bytes>(&value)) {
            code = sqlite3_bind_blob64(handle, index,
                                       bytes->empty() ? "" : static_cast<void const*>(bytes->data()),
                                       bytes->size(), SQLITE_TRANSIENT);
        } else {
            code = sqlite3_bind_null(handle, index);
        }
        if (code != SQLITE_OK) return error(code);
    }
    return statement;
}

Status Database::finish(Statement& statement) {
    for (;;) {
        TRY(auto const row, statement.step());
        if (!row) return {};
    }
}

Status Database::execute(std::string_view script) {
    auto const code = sqlite3_exec(state_->handle, std::string(script).c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return error(code);
    return {};
}

Status Database::begin() {
    return execute("BEGIN IMMEDIATE");
}
Status Database::commit() {
    auto const done = execute("COMMIT");
    if (!done) roll_back();  // a full disk leaves the transaction open
    return done;
}
void Database::roll_back() noexcept {
    if (!sqlite3_get_autocommit(state_->handle))
        sqlite3_exec(state_->handle, "ROLLBACK", nullptr, nullptr, nullptr);
}

bool Database::in_transaction() const {
    return !sqlite3_get_autocommit(state_->handle);
}

std::int64_t Database::last_id() const {
    return sqlite3_last_insert_rowid(state_->handle);
}
std::int64_t Database::changes() const {
    return sqlite3_changes64(state_->handle);
}

Result<Database> Database::open(std::filesystem::path const& path, std::span<Migration const> migrations,
                                Access access) {
    auto state = std::make_unique<State>();
    state->path = path;
    auto const opened =
        sqlite3_open_v2(path.c_str(), &state->handle,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
    Database database(std::move(state));
    if (opened != SQLITE_OK) return database.error(opened);
    // A server's errors go to callers far away: where its folder is, is no business of theirs.
    if (access == Access::Shared) database.state_->path = path.filename();
    sqlite3_extended_result_codes(database.state_->handle, 1);
    // Exclusive first: then write-ahead logging needs no shared-memory file, and a second program is told at
    // once instead of in the middle of its work.
    TRY_STATUS(database.execute(access == Access::Exclusive ? "PRAGMA locking_mode=EXCLUSIVE"
                                                            : "PRAGMA busy_timeout=5000"));
    TRY_STATUS(
        database.execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                         "PRAGMA foreign_keys=ON; PRAGMA temp_store=FILE; PRAGMA trusted_schema=OFF;"));
    TRY_STATUS(database.begin());
    TRY(auto const have, database.count("PRAGMA user_version"));
    TRY_STATUS(database.commit());
    if (have > static_cast<std::int64_t>(migrations.size()))
        return fail(Code::FailedPrecondition,
                    "{}: written by a newer ounce (schema {}, this one knows {}); use that one",
                    path.string(), have, migrations.size());
    for (auto const& migration : migrations) {
        if (migration.number <= have) continue;
        TRY(auto transaction, Transaction::begin(database));
        TRY_STATUS(database.execute(migration.sql));
        TRY_STATUS(database.execute(fmt::format("PRAGMA user_version={}", migration.number)));
        TRY_STATUS(transaction.commit());
    }
    return database;
}

}  // namespace ounce::store
