#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <filesystem>
#include <future>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <utility>

#include "base/result.hpp"
#include "base/unique_function.hpp"
#include "store/database.hpp"

namespace ounce::store {

/// One database file and the one thread that works on it, with group commit: all work that waits when the
/// thread is free runs inside one transaction, is synced once, and only then are its results told. So an
/// answer is never given before it would survive a power cut, and a thousand small writes share one sync.
///
/// Each piece of work runs in a savepoint of its own: if it returns an error, only its own changes are
/// undone. If the commit fails (full disk), every piece of the group gets that error and nothing of it is
/// kept; the next group is tried anew, so the ledger recovers without a restart.
///
/// Work must be short and must not wait for anything: everyone else waits for it.
class Ledger {
  public:
    struct Options {
        std::size_t queue_max = 20'000;  // pieces of work that may wait
        std::size_t group_max = 1'000;   // pieces in one transaction
    };

    /// Opens the database for sharing with readers of other processes (see Database::Access) and starts the
    /// thread. Errors: as Database::open.
    static Result<std::unique_ptr<Ledger>> open(std::filesystem::path const& path,
                                                std::span<Migration const> migrations, Options options);
    static Result<std::unique_ptr<Ledger>> open(std::filesystem::path const& path,
                                                std::span<Migration const> migrations) {
        return open(path, migrations, Options{});
    }
    Ledger(Ledger const&) = delete;
    Ledger& operator=(Ledger const&) = delete;
    /// Does what was taken in, then closes the file.
    ~Ledger();

    /// Hands `work` in and returns at once. `done` is called on the ledger's thread after the commit, and
    /// must be quick. If the queue is full, `done` is called at once on this thread with Unavailable. Any
    /// thread.
    template <class T>
    void post(UniqueFunction<Result<T>(Database&)> work, UniqueFunction<void(Result<T>)> done) {
        enqueue(std::make_unique<Piece<T>>(std::move(work), std::move(done)));
    }

    /// Hands `work` in and waits for its commit. `work(Database&)` returns a Result. Any thread but the
    /// ledger's own. Errors: those of `work` and of the commit; Unavailable if the queue is full.
    template <class F>
    auto run(F work) -> decltype(work(std::declval<Database&>())) {
        using R = decltype(work(std::declval<Database&>()));
        using T = typename R::value_type;
        std::promise<R> promise;
        auto answer = promise.get_future();
        post<T>(std::move(work), [&promise](R result) { promise.set_value(std::move(result)); });
        return answer.get();
    }

    /// Pieces of work now waiting. Any thread.
    [[nodiscard]] std::size_t waiting() const;

  private:
    struct AnyPiece {
        virtual ~AnyPiece() = default;
        /// Runs the work; an error if its changes are to be undone.
        virtual Status run(Database& database) = 0;
        virtual void fail_with(Error const& error) = 0;
        virtual void tell() = 0;
    };
    template <class T>
    struct Piece final : AnyPiece {
        Piece(UniqueFunction<Result<T>(Database&)> w, UniqueFunction<void(Result<T>)> d)
            : work(std::move(w)), done(std::move(d)) {}
        Status run(Database& database) override {
            result = work(database);
            if (!result) return fail(result.error());
            return {};
        }
        void fail_with(Error const& error) override { result = fail(error); }
        void tell() override { done(std::move(result)); }

        UniqueFunction<Result<T>(Database&)> work;
        UniqueFunction<void(Result<T>)> done;
        Result<T> result = fail(Code::Internal, "the work was never run");
    };

    Ledger(Database database, Options options);
    void enqueue(std::unique_ptr<AnyPiece> piece);
    void work();
    void run_group(std::deque<std::unique_ptr<AnyPiece>>& group);
    Status try_group(std::deque<std::unique_ptr<AnyPiece>>& group);

    Options const options_;
    Database database_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<std::unique_ptr<AnyPiece>> queue_;
    bool stopping_ = false;
    std::jthread thread_;
};

}  // namespace ounce::store
