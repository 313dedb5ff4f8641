#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ounce {

/// A number that only grows. Any thread.
class Counter {
  public:
    void add(std::uint64_t by = 1) { value_.fetch_add(by, std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<std::uint64_t> value_{0};
};

/// A number that goes up and down. Any thread.
class Gauge {
  public:
    void add(std::int64_t by) { value_.fetch_add(by, std::memory_order_relaxed); }
    void set(std::int64_t value) { value_.store(value, std::memory_order_relaxed); }
    [[nodiscard]] std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<std::int64_t> value_{0};
};

/// How long things took, in seconds, in fixed buckets from 0.5 ms to 60 s. Any thread.
class Histogram {
  public:
    static std::span<double const> bounds();
    void observe(double seconds);

  private:
    friend class Metrics;
    static constexpr std::size_t kBuckets = 16;
    std::atomic<std::uint64_t> buckets_[kBuckets + 1]{};
    std::atomic<std::uint64_t> microseconds_{0};
};

/// What a program counts, written in the OpenMetrics text format for /metrics.
///
/// Metrics are made once, at construction of what counts; references stay good as long as this object.
/// `labels` is the inside of the braces, ready to print (`code="404"`): fixed words, never input.
class Metrics {
  public:
    Metrics() = default;
    Metrics(Metrics const&) = delete;
    Metrics& operator=(Metrics const&) = delete;

    /// `name` without the "_total" that the format adds. The same name and labels give the same counter.
    Counter& counter(std::string_view name, std::string_view help, std::string_view labels = "");
    Gauge& gauge(std::string_view name, std::string_view help, std::string_view labels = "");
    Histogram& histogram(std::string_view name, std::string_view help, std::string_view labels = "");

    /// The whole page, "# EOF" at its end. Any thread.
    [[nodiscard]] std::string openmetrics() const;

  private:
    template <class T>
    struct Family {
        std::string name, help;
        std::deque<std::pair<std::string, T>> members;  // by labels; a deque never moves them
    };
    template <class T>
    static T& member(std::deque<Family<T>>& families, std::string_view name, std::string_view help,
                     std::string_view labels);

    mutable std::mutex mutex_;  // guards the lists, not the numbers
    std::deque<Family<Counter>> counters_;
    std::deque<Family<Gauge>> gauges_;
    std::deque<Family<Histogram>> histograms_;
};

}  // namespace ounce
