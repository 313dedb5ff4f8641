#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "base/unique_function.hpp"

namespace ounce {

/// A fixed number of threads that take work from one bounded queue, in order.
class WorkerPool {
  public:
    /// At most `queue_max` pieces of work wait.
    WorkerPool(int threads, std::size_t queue_max);
    WorkerPool(WorkerPool const&) = delete;
    WorkerPool& operator=(WorkerPool const&) = delete;
    /// Finishes what was taken in, then stops.
    ~WorkerPool();

    /// False, and nothing happens, if the queue is full or the pool is stopping. `work` must not throw.
    /// Any thread.
    [[nodiscard]] bool post(UniqueFunction<void()> work);

    /// Takes no more; returns when what was taken in is done. A second call does nothing.
    void drain();

  private:
    void run();

    std::size_t const queue_max_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<UniqueFunction<void()>> queue_;
    bool stopping_ = false;
    std::vector<std::jthread> threads_;
};

}  // namespace ounce
