#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "store/database.hpp"

namespace ounce::trap {

/// What a sifting run knows so far: OUT/.ounce/sift.db (schema in journal.sql). A run that was interrupted or
/// killed goes on from here. One process, one thread.
class Journal {
  public:
    /// States of a picture, as in the table.
    static constexpr int kFound = 0;
    static constexpr int kPlaced = 1;
    static constexpr int kUnreadable = 2;

    /// Opens or starts the journal in `out` for the pictures of `folder`.
    /// Errors: FailedPrecondition if it belongs to another folder (says which); AlreadyExists if `out` holds
    /// other files; InvalidArgument if `out` is `folder`; as store::Database.
    static Result<Journal> open(std::filesystem::path const& out, std::filesystem::path const& folder);
    /// Opens what an earlier run left. Errors: NotFound if there is none.
    static Result<Journal> open_existing(std::filesystem::path const& out);

    [[nodiscard]] store::Database& database() { return database_; }

    Result<std::optional<std::string>> find_setting(std::string_view key);
    Status set(std::string_view key, std::string_view value);

  private:
    explicit Journal(store::Database database) : database_(std::move(database)) {}
    store::Database database_;
};

/// Commits work in handfuls: often enough that a kill loses seconds, seldom enough that syncing costs little.
class Batch {
  public:
    explicit Batch(store::Database& database) : database_(&database) {}
    Batch(Batch const&) = delete;
    Batch& operator=(Batch const&) = delete;
    ~Batch() {
        if (open_) database_->roll_back();
    }
    /// Call before each piece of work.
    Status begin();
    /// Call after it: commits now and then.
    Status done();
    Status commit();

  private:
    store::Database* database_;
    bool open_ = false;
    int pieces_ = 0;
    std::chrono::steady_clock::time_point since_;
};

}  // namespace ounce::trap
