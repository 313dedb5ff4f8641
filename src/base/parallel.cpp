#include "base/parallel.hpp"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace ounce {

int processor_count() {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
    return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

void parallel_for(std::size_t count, int threads, std::function<void(std::size_t)> const& work) {
    std::atomic<std::size_t> next{0};
    auto const run = [&] {
        for (std::size_t index = next.fetch_add(1); index < count; index = next.fetch_add(1)) work(index);
    };
    auto const helpers = std::min<std::size_t>(count, static_cast<std::size_t>(std::max(threads, 1)));
    std::vector<std::jthread> others;
    for (std::size_t i = 1; i < helpers; ++i) others.emplace_back(run);
    run();
}

}  // namespace ounce
