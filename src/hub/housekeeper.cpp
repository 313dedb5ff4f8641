#include "hub/housekeeper.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "base/clock.hpp"
#include "base/log.hpp"

namespace ounce::hub {

Housekeeper::Housekeeper(std::vector<Job> jobs)
    : thread_([jobs = std::move(jobs)](std::stop_token const& stop) { run(stop, jobs); }) {}

void Housekeeper::run(std::stop_token const& stop, std::vector<Job> const& jobs) {
    if (jobs.empty()) return;
    std::mutex mutex;
    std::condition_variable_any wake;
    std::vector<Instant> due(jobs.size(), system_clock().instant());
    while (!stop.stop_requested()) {
        auto const next = static_cast<std::size_t>(std::ranges::min_element(due) - due.begin());
        {
            std::unique_lock lock(mutex);
            wake.wait_until(lock, stop, due[next], [] { return false; });
        }
        if (stop.stop_requested()) return;
        auto const& job = jobs[next];
        if (auto const done = job.work(stop); !done && done.error().code != Code::Cancelled)
            log_warning("housekeeping failed", {{"job", job.name}, {"reason", done.error().message}});
        due[next] = system_clock().instant() + job.every;
    }
}

}  // namespace ounce::hub
