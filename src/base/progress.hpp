#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace ounce {

/// How far a long task is. `total` 0 = not known yet.
struct ProgressReport {
    enum class Unit : std::uint8_t { Things, Bytes };
    std::string step;  // what is being done, for a person: "features", "sifting camera 3 of 30"
    std::uint64_t done = 0;
    std::uint64_t total = 0;
    Unit unit = Unit::Things;  // of `done` and `total`
};

/// Called by long tasks, often and from any one thread at a time; must be quick.
using ProgressSink = std::function<void(ProgressReport const&)>;

/// Words for a report after `elapsed` since its step began: "features 120/1000, 35.2/s, 25 s left",
/// "sending 12.0/70.0 MB, 1.2 MB/s, 48 s left".
std::string describe(ProgressReport const& report, std::chrono::duration<double> elapsed);

/// A sink that writes to standard error: a line rewritten in place on a terminal, else a line at most
/// every `interval`. The end of a step is written once, however often it is told.
ProgressSink stderr_progress(std::chrono::milliseconds interval = std::chrono::seconds(5));

}  // namespace ounce
