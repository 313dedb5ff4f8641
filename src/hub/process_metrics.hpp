#pragma once

#include <filesystem>

#include "base/clock.hpp"
#include "base/metrics.hpp"

namespace ounce::hub {

/// What the system knows of this process and its disk, as metrics: memory, open files, start, free space.
class ProcessMetrics {
  public:
    /// `disk` is a folder on the disk to look at. `metrics` is borrowed.
    ProcessMetrics(Metrics& metrics, std::filesystem::path disk, Time start);

    /// Looks anew. Any thread.
    void refresh();

  private:
    std::filesystem::path disk_;
    Gauge& memory_;
    Gauge& files_;
    Gauge& free_;
};

}  // namespace ounce::hub
