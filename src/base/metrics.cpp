#include "base/metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace ounce {
namespace {

constexpr double kBounds[] = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                              0.25,   0.5,   1,      2.5,   5,    10,    30,   60};

std::string braces(std::string_view labels) {
    return labels.empty() ? std::string() : fmt::format("{{{}}}", labels);
}

void head(std::string& page, std::string_view name, std::string_view type, std::string_view help) {
    fmt::format_to(std::back_inserter(page), "# TYPE {0} {1}\n# HELP {0} {2}\n", name, type, help);
}

}  // namespace

std::span<double const> Histogram::bounds() {
    static_assert(std::size(kBounds) == kBuckets);
    return kBounds;
}

void Histogram::observe(double seconds) {
    auto const found = std::ranges::lower_bound(kBounds, seconds);
    buckets_[found - std::begin(kBounds)].fetch_add(1, std::memory_order_relaxed);
    microseconds_.fetch_add(static_cast<std::uint64_t>(std::max(0.0, seconds) * 1e6),
                            std::memory_order_relaxed);
}

template <class T>
T& Metrics::member(std::deque<Family<T>>& families, std::string_view name, std::string_view help,
                   std::string_view labels) {
    auto family = std::ranges::find(families, name, &Family<T>::name);
    if (family == families.end()) {
        families.emplace_back();
        family = std::prev(families.end());
        family->name = name;
        family->help = help;
    }
    for (auto& [have, value] : family->members)
        if (have == labels) return value;
    auto& added = family->members.emplace_back();
    added.first = labels;
    return added.second;
}

Counter& Metrics::counter(std::string_view name, std::string_view help, std::string_view labels) {
    std::scoped_lock const lock(mutex_);
    return member(counters_, name, help, labels);
}
Gauge& Metrics::gauge(std::string_view name, std::string_view help, std::string_view labels) {
    std::scoped_lock const lock(mutex_);
    return member(gauges_, name, help, labels);
}
Histogram& Metrics::histogram(std::string_view name, std::string_view help, std::string_view labels) {
    std::scoped_lock const lock(mutex_);
    return member(histograms_, name, help, labels);
}

std::string Metrics::openmetrics() const {
    std::scoped_lock const lock(mutex_);
    std::string page;
    auto const out = std::back_inserter(page);
    for (auto const& family : counters_) {
        head(page, family.name, "counter", family.help);
        for (auto const& [labels, value] : family.members)
            fmt::format_to(out, "{}_total{} {}\n", family.name, braces(labels), value.value());
    }
    for (auto const& family : gauges_) {
        head(page, family.name, "gauge", family.help);
        for (auto const& [labels, value] : family.members)
            fmt::format_to(out, "{}{} {}\n", family.name, braces(labels), value.value());
    }
    for (auto const& family : histograms_) {
        head(page, family.name, "histogram", family.help);
        for (auto const& [labels, value] : family.members) {
            auto const comma = labels.empty() ? "" : ",";
            std::uint64_t sum = 0;
            for (std::size_t i = 0; i <= Histogram::kBuckets; ++i) {
                sum += value.buckets_[i].load(std::memory_order_relaxed);
                auto const bound = i < Histogram::kBuckets ? fmt::format("{}", kBounds[i]) : "+Inf";
                fmt::format_to(out, "{}_bucket{{{}{}le=\"{}\"}} {}\n", family.name, labels, comma, bound,
                               sum);
            }
            fmt::format_to(out, "{}_count{} {}\n{}_sum{} {:.6f}\n", family.name, braces(labels), sum,
                           family.name, braces(labels),
                           static_cast<double>(value.microseconds_.load(std::memory_order_relaxed)) / 1e6);
        }
    }
    page += "# EOF\n";
    return page;
}

}  // namespace ounce
