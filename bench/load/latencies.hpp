#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <vector>

#include "base/json.hpp"

namespace ounce::load {

using SteadyTime = std::chrono::steady_clock::time_point;

inline double seconds_between(SteadyTime from, SteadyTime to) {
    return std::chrono::duration<double>(to - from).count();
}

/// How long each of many things took; keeps all, so that percentiles are exact.
class Latencies {
  public:
    void add(SteadyTime::duration took) {
        all_us_.push_back(static_cast<std::uint32_t>(std::clamp<std::int64_t>(
            std::chrono::duration_cast<std::chrono::microseconds>(took).count(), 0, UINT32_MAX)));
    }
    void add(Latencies const& others) {
        all_us_.insert(all_us_.end(), others.all_us_.begin(), others.all_us_.end());
    }
    [[nodiscard]] std::size_t count() const { return all_us_.size(); }

    /// {"p50", "p90", "p99", "max"} in milliseconds, nulls if nothing was added.
    [[nodiscard]] Json to_json() const {
        auto sorted = all_us_;
        std::sort(sorted.begin(), sorted.end());
        auto const at = [&](double part) -> Json {
            if (sorted.empty()) return nullptr;
            auto const last = static_cast<double>(sorted.size() - 1);
            return static_cast<double>(sorted[static_cast<std::size_t>(part * last)]) / 1000.0;
        };
        return {{"p50", at(0.5)}, {"p90", at(0.9)}, {"p99", at(0.99)}, {"max", at(1)}};
    }

  private:
    std::vector<std::uint32_t> all_us_;
};

}  // namespace ounce::load
