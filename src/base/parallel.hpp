#pragma once

#include <cstddef>
#include <functional>

namespace ounce {

/// How many threads suit this machine: its processors as this process may use them, at least 1.
int processor_count();

/// Calls `work(index)` for each index below `count`, on up to `threads` threads (the caller's among them),
/// handing out indexes in order. Returns when all are done. `work` must not throw.
void parallel_for(std::size_t count, int threads, std::function<void(std::size_t)> const& work);

}  // namespace ounce
