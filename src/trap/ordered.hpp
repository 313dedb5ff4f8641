#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "base/result.hpp"

namespace ounce::trap {

/// Works on a stream of items with several threads and hands the outcomes on in the order they came in.
/// `next` (nothing = the end) and `take` run on the caller's thread only, so they may share a database;
/// `work` runs on the others and must not throw. At most `in_flight_max` items are alive at once, whatever
/// the stream's length. Stops at the first error of next or take, and soon after `stop`.
/// Errors: Cancelled if stopped; what next and take return. No `take` is called after that.
template <class In, class Out>
Status run_ordered(int threads, std::size_t in_flight_max,
                   std::function<Result<std::optional<In>>()> const& next,
                   std::function<Out(In const&)> const& work, std::function<Status(In&&, Out&&)> const& take,
                   std::stop_token const& stop) {
    struct Job {
        explicit Job(In value) : in(std::move(value)) {}
        In in;
        std::optional<Out> out;
    };
    std::mutex mutex;
    std::condition_variable wake_worker;
    std::condition_variable wake_caller;
    std::deque<Job*> waiting;
    bool ending = false;

    std::deque<std::unique_ptr<Job>> in_flight;  // in order; the caller's alone
    auto const serve = [&] {
        for (;;) {
            Job* job = nullptr;
            {
                std::unique_lock lock(mutex);
                wake_worker.wait(lock, [&] { return ending || !waiting.empty(); });
                if (ending) return;
                job = waiting.front();
                waiting.pop_front();
            }
            auto out = work(job->in);
            {
                std::lock_guard const lock(mutex);
                job->out.emplace(std::move(out));
            }
            wake_caller.notify_one();
        }
    };
    std::vector<std::jthread> workers;
    for (int i = 0; i < threads; ++i) workers.emplace_back(serve);

    auto const run = [&]() -> Status {
        bool more = true;
        for (;;) {
            while (more && in_flight.size() < in_flight_max && !stop.stop_requested()) {
                TRY(auto item, next());
                if (!item) {
                    more = false;
                    break;
                }
                in_flight.push_back(std::make_unique<Job>(std::move(*item)));
                {
                    std::lock_guard const lock(mutex);
                    waiting.push_back(in_flight.back().get());
                }
                wake_worker.notify_one();
            }
            if (stop.stop_requested()) return fail(Code::Cancelled, "stopped");
            if (in_flight.empty()) return {};
            auto& first = *in_flight.front();
            {
                std::unique_lock lock(mutex);
                wake_caller.wait(lock, [&] { return first.out.has_value(); });
            }
            TRY_STATUS(take(std::move(first.in), std::move(*first.out)));
            in_flight.pop_front();
        }
    };
    auto status = run();
    {
        std::lock_guard const lock(mutex);
        ending = true;
    }
    wake_worker.notify_all();
    workers.clear();  // joins; the jobs they hold live until then
    return status;
}

}  // namespace ounce::trap
