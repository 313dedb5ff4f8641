#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <utility>

namespace ounce {

/// Seeded random numbers that come out the same on every machine: the engine is the standard's own, the
/// distributions are ours (the standard leaves those to the library). Not for secrets. One thread.
class Random {
  public:
    explicit Random(std::uint64_t seed) : engine_(seed) {}

    std::uint64_t next() { return engine_(); }

    /// A whole number from 0 to `bound` - 1; `bound` > 0.
    std::uint64_t below(std::uint64_t bound) {
        auto const limit = UINT64_MAX - UINT64_MAX % bound;  // reject the rest: no number is likelier
        std::uint64_t value = engine_();
        while (value >= limit) value = engine_();
        return value % bound;
    }

    /// In [0, 1).
    double unit() { return static_cast<double>(engine_() >> 11) * 0x1.0p-53; }

    template <class T>
    void shuffle(std::span<T> items) {
        for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
    }

  private:
    std::mt19937_64 engine_;
};

}  // namespace ounce
