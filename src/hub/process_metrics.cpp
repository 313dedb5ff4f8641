#include "hub/process_metrics.hpp"

#include <unistd.h>

#include <fstream>
#include <iterator>
#include <system_error>

namespace ounce::hub {
namespace {

std::int64_t resident_bytes() {
    std::ifstream file("/proc/self/statm");
    std::int64_t all_pages = 0;
    std::int64_t resident_pages = 0;
    file >> all_pages >> resident_pages;
    return resident_pages * ::sysconf(_SC_PAGESIZE);
}

std::int64_t open_files() {
    std::error_code error;
    std::filesystem::directory_iterator const files("/proc/self/fd", error);
    return error ? 0 : std::distance(begin(files), end(files));
}

}  // namespace

ProcessMetrics::ProcessMetrics(Metrics& metrics, std::filesystem::path disk, Time start)
    : disk_(std::move(disk)),
      memory_(metrics.gauge("process_resident_memory_bytes", "Memory that this process has in RAM")),
      files_(metrics.gauge("process_open_fds", "Open files and connections of this process")),
      free_(metrics.gauge("ounce_disk_free_bytes", "Free space on the disk of the data folder")) {
    metrics.gauge("process_start_time_seconds", "When this process began to serve, since 1970")
        .set(std::chrono::floor<std::chrono::seconds>(start).time_since_epoch().count());
}

void ProcessMetrics::refresh() {
    memory_.set(resident_bytes());
    files_.set(open_files());
    std::error_code error;
    if (auto const space = std::filesystem::space(disk_, error); !error)
        free_.set(static_cast<std::int64_t>(space.available));
}

}  // namespace ounce::hub
