#include "base/clock.hpp"

#include <fmt/format.h>

namespace ounce {
namespace {

class SystemClock final : public Clock {
  public:
    [[nodiscard]] Time now() const override {
        return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
    }
    [[nodiscard]] Instant instant() const override { return std::chrono::steady_clock::now(); }
};

/// Reads `count` digits at the front of `text` and takes them off it.
std::optional<int> take_digits(std::string_view& text, std::size_t count) {
    if (text.size() < count) return std::nullopt;
    int value = 0;
    for (char const c : text.substr(0, count)) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + (c - '0');
    }
    text.remove_prefix(count);
    return value;
}

bool take(std::string_view& text, char wanted) {
    if (text.empty() || text.front() != wanted) return false;
    text.remove_prefix(1);
    return true;
}

/// The fraction after the point, as microseconds; digits beyond the sixth are dropped.
std::optional<int> take_fraction(std::string_view& text) {
    int value = 0;
    int digits = 0;
    while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
        if (digits < 6) value = value * 10 + (text.front() - '0');
        ++digits;
        text.remove_prefix(1);
    }
    if (digits == 0 || digits > 9) return std::nullopt;
    for (int i = digits; i < 6; ++i) value *= 10;
    return value;
}

/// Minutes east of UTC; 'Z' and nothing are 0.
std::optional<int> take_zone(std::string_view& text) {
    if (text.empty() || take(text, 'Z') || take(text, 'z')) return 0;
    bool const west = text.front() == '-';
    if (!take(text, '+') && !take(text, '-')) return std::nullopt;
    auto const hours = take_digits(text, 2);
    if (!hours || *hours > 23) return std::nullopt;
    take(text, ':');
    auto const minutes = take_digits(text, 2);
    if (!minutes || *minutes > 59) return std::nullopt;
    return (west ? -1 : 1) * (*hours * 60 + *minutes);
}

}  // namespace

Clock const& system_clock() {
    static SystemClock const clock;
    return clock;
}

std::string to_iso8601(Time time, int digits, bool zone) {
    auto const day = std::chrono::floor<std::chrono::days>(time);
    std::chrono::year_month_day const date(day);
    std::chrono::hh_mm_ss const clock(time - day);
    auto text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                            static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                            clock.hours().count(), clock.minutes().count(), clock.seconds().count());
    if (digits > 0) {
        auto const fraction = fmt::format("{:06}0", clock.subseconds().count());
        text += '.' + fraction.substr(0, static_cast<std::size_t>(digits));
    }
    if (zone) text += 'Z';
    return text;
}

std::optional<Time> parse_iso8601(std::string_view text) {
    auto const year = take_digits(text, 4);
    if (!year || !take(text, '-')) return std::nullopt;
    auto const month = take_digits(text, 2);
    if (!month || !take(text, '-')) return std::nullopt;
    auto const day = take_digits(text, 2);
    if (!day || !(take(text, 'T') || take(text, 't') || take(text, ' '))) return std::nullopt;
    auto const hour = take_digits(text, 2);
    if (!hour || !take(text, ':')) return std::nullopt;
    auto const minute = take_digits(text, 2);
    if (!minute || !take(text, ':')) return std::nullopt;
    auto const second = take_digits(text, 2);
    if (!second || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
    int fraction = 0;
    if (take(text, '.')) {
        auto const read = take_fraction(text);
        if (!read) return std::nullopt;
        fraction = *read;
    }
    auto const zone = take_zone(text);
    if (!zone || !text.empty()) return std::nullopt;
    std::chrono::year_month_day const date(std::chrono::year(*year),
                                           std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day)));
    if (!date.ok()) return std::nullopt;
    return Time(std::chrono::sys_days(date)) + std::chrono::hours(*hour) +
           std::chrono::minutes(*minute - *zone) + std::chrono::seconds(*second) +
           std::chrono::microseconds(fraction);
}

}  // namespace ounce
