#pragma once

#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace ounce {

/// A moment in UTC, to the microsecond: what is stored and shown. It may jump when the system's clock is set.
using Time = std::chrono::sys_time<std::chrono::microseconds>;

/// A moment of a clock that never jumps: for deadlines and durations inside one process.
using Instant = std::chrono::steady_clock::time_point;

/// The seam between code and time: tests bring their own. Any thread.
class Clock {
  public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual Time now() const = 0;
    [[nodiscard]] virtual Instant instant() const = 0;
};

/// The machine's clocks. Lives as long as the program.
Clock const& system_clock();

/// A clock that moves when told to, for tests.
class FakeClock final : public Clock {
  public:
    explicit FakeClock(Time start = Time(std::chrono::seconds(1'700'000'000))) : now_(start) {}
    [[nodiscard]] Time now() const override { return now_.load(); }
    [[nodiscard]] Instant instant() const override { return instant_.load(); }
    /// By one thread at a time, like set(); others may look meanwhile.
    void advance(std::chrono::microseconds by) {
        now_ = now_.load() + by;
        instant_ = instant_.load() + by;
    }
    /// Somebody sets the clock: UTC jumps, steady time does not.
    void set(Time now) { now_ = now; }

  private:
    std::atomic<Time> now_;
    std::atomic<Instant> instant_{Instant{}};
};

/// "2026-11-23T08:30:00.123Z": `digits` of the fraction (0, 3, 6 or 7; the seventh is always 0), 'Z' at the
/// end unless `zone` is false. Years 0 to 9999.
std::string to_iso8601(Time time, int digits = 3, bool zone = true);

/// Reads "2026-11-23T08:30:00[.1234567][Z|+hh:mm]"; no zone means UTC. None if it is anything else.
std::optional<Time> parse_iso8601(std::string_view text);

/// Microseconds since 1970, how a Time is stored.
inline std::int64_t to_microseconds(Time time) {
    return time.time_since_epoch().count();
}
inline Time from_microseconds(std::int64_t microseconds) {
    return Time(std::chrono::microseconds(microseconds));
}

}  // namespace ounce
