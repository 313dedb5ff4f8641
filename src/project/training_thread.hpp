#pragma once

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "base/clock.hpp"
#include "base/metrics.hpp"
#include "base/progress.hpp"
#include "project/blob_holds.hpp"
#include "project/training_rows.hpp"
#include "store/ledger.hpp"

namespace ounce::project {

/// The one thread that trains: iterations that wait, one after the other, in the order they were asked for,
/// with all processors but behind everything else (nice). What an iteration waits for is in the database: a
/// hub that starts goes on with what it was at, and looks at no picture again that it had looked at.
class TrainingThread {
  public:
    struct Options {
        std::filesystem::path cache;  // features and the like; may be deleted at any time
        std::uint64_t cache_bytes_max = std::uint64_t{4} << 30;
        int threads = 0;  // 0: all processors
        std::string program_version;
    };

    /// Starts with what waits. All that is passed by reference must outlive the thread.
    TrainingThread(store::Ledger& ledger, BlobHolds const& blobs, Clock const& clock, Metrics& metrics,
                   Options options);
    TrainingThread(TrainingThread const&) = delete;
    TrainingThread& operator=(TrainingThread const&) = delete;
    /// Breaks off, within a second or so, what runs: the next start goes on with it.
    ~TrainingThread();

    /// Looks again whether an iteration waits. Any thread.
    void wake();
    /// Breaks off the iteration if it runs: it was deleted. Any thread.
    void cancel(Guid const& iteration);

    /// What the iteration is at; none if it does not run. Any thread.
    [[nodiscard]] std::optional<ProgressReport> progress(Guid const& iteration) const;

  private:
    void work(std::stop_token const& stop);
    bool train_next(std::stop_token const& stop);
    Status train(TrainingOrder const& order, std::stop_token const& stop);

    store::Ledger& ledger_;
    BlobHolds const& blobs_;
    Clock const& clock_;
    Options const options_;
    Counter& completed_;
    Counter& failed_;

    mutable std::mutex mutex_;
    std::condition_variable_any wake_;
    bool look_ = true;
    std::optional<Guid> current_;
    ProgressReport progress_;
    std::stop_source current_stop_;
    std::jthread thread_;  // last: it uses all the others
};

}  // namespace ounce::project
