#include "store/ledger.hpp"

#include "base/log.hpp"

namespace ounce::store {

Result<std::unique_ptr<Ledger>> Ledger::open(std::filesystem::path const& path,
                                             std::span<Migration const> migrations, Options options) {
    TRY(auto database, Database::open(path, migrations, Database::Access::Shared));
    return std::unique_ptr<Ledger>(new Ledger(std::move(database), options));
}

Ledger::Ledger(Database database, Options options) : options_(options), database_(std::move(database)) {
    thread_ = std::jthread([this] { work(); });
}

Ledger::~Ledger() {
    {
        std::scoped_lock const lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    thread_.join();
}

std::size_t Ledger::waiting() const {
    std::scoped_lock const lock(mutex_);
    return queue_.size();
}

void Ledger::enqueue(std::unique_ptr<AnyPiece> piece) {
    bool first = false;
    {
        std::scoped_lock const lock(mutex_);
        if (!stopping_ && queue_.size() < options_.queue_max) {
            queue_.push_back(std::move(piece));
            first = queue_.size() == 1;
        }
    }
    if (first) wake_.notify_one();  // not under the lock: who wakes would only wait for it
    if (!piece) return;
    piece->fail_with(
        {Code::Unavailable, "the disk cannot keep up: too much is waiting to be written; try again", {}});
    piece->tell();
}

void Ledger::work() {
    for (;;) {
        std::deque<std::unique_ptr<AnyPiece>> group;
        {
            std::unique_lock lock(mutex_);
            wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
            if (queue_.empty()) return;
            while (!queue_.empty() && group.size() < options_.group_max) {
                group.push_back(std::move(queue_.front()));
                queue_.pop_front();
            }
        }
        run_group(group);
    }
}

void Ledger::run_group(std::deque<std::unique_ptr<AnyPiece>>& group) {
    if (auto const done = try_group(group); !done) {
        database_.roll_back();
        log_error("commit failed", {{"pieces", group.size()}, {"error", done.error().message}});
        for (auto& piece : group) piece->fail_with(done.error());
    }
    for (auto& piece : group) piece->tell();
}

Status Ledger::try_group(std::deque<std::unique_ptr<AnyPiece>>& group) {
    TRY_STATUS(database_.begin());
    for (auto& piece : group) {
        TRY_STATUS(database_.run("SAVEPOINT piece"));
        if (auto const done = piece->run(database_); !done) {
            // A full disk may have ended the whole transaction: then there is no savepoint to go back to.
            if (!database_.in_transaction()) return fail(done.error());
            TRY_STATUS(database_.run("ROLLBACK TO piece"));
        }
        TRY_STATUS(database_.run("RELEASE piece"));
    }
    return database_.commit();
}

}  // namespace ounce::store
