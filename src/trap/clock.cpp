#include "trap/clock.hpp"

#include <array>
#include <charconv>

namespace ounce::trap {
namespace {

bool digit(char c) {
    return c >= '0' && c <= '9';
}

/// Reads `width` digits at `at`, moving it on; -1 if they are not there.
int take_number(std::string_view text, std::size_t& at, std::size_t width) {
    if (at + width > text.size()) return -1;
    int value = 0;
    for (std::size_t i = 0; i < width; ++i) {
        if (!digit(text[at + i])) return -1;
        value = value * 10 + (text[at + i] - '0');
    }
    at += width;
    return value;
}

std::optional<CameraTime> time_at(std::string_view name, std::size_t at) {
    std::array<int, 6> parts{};
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (i > 0 && at < name.size() && std::string_view("-_.: T").find(name[at]) != std::string_view::npos)
            ++at;
        parts[i] = take_number(name, at, i == 0 ? 4 : 2);
        if (parts[i] < 0) return std::nullopt;
    }
    if (at < name.size() && digit(name[at])) return std::nullopt;
    auto const [year, month, day, hour, minute, second] = parts;
    auto const date = std::chrono::year(year) / month / day;
    if (year < 1990 || year > 2099 || !date.ok() || hour > 23 || minute > 59 || second > 59)
        return std::nullopt;
    return std::chrono::local_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
           std::chrono::seconds(second);
}

}  // namespace

std::string_view to_string(TimeSource source) {
    switch (source) {
        case TimeSource::Exif:
            return "exif";
        case TimeSource::FileName:
            return "file-name";
        case TimeSource::FileTime:
            break;
    }
    return "file-time";
}

std::optional<CameraTime> find_time_in_name(std::string_view name) {
    for (std::size_t at = 0; at < name.size(); ++at) {
        if (!digit(name[at]) || (at > 0 && digit(name[at - 1]))) continue;
        if (auto const time = time_at(name, at)) return time;
    }
    return std::nullopt;
}

std::string format_time(CameraTime time, bool fraction) {
    auto const day = std::chrono::floor<std::chrono::days>(time);
    std::chrono::year_month_day const date{day};
    std::chrono::hh_mm_ss const clock{time - day};
    auto text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                            static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                            clock.hours().count(), clock.minutes().count(), clock.seconds().count());
    if (fraction && clock.subseconds().count() != 0)
        text += fmt::format(".{:03}", clock.subseconds().count());
    return text;
}

std::string format_zone(std::optional<std::chrono::minutes> offset) {
    if (!offset || offset->count() == 0) return "Z";
    auto const minutes = offset->count() < 0 ? -offset->count() : offset->count();
    return fmt::format("{}{:02}:{:02}", offset->count() < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

Result<std::chrono::minutes> parse_zone(std::string_view text) {
    auto const wrong = [text] {
        return fail(Code::InvalidArgument, "'{}' is no time zone: write the offset from UTC, like +06:00",
                    text);
    };
    if (text == "Z" || text == "z" || text == "UTC" || text == "utc") return std::chrono::minutes(0);
    if (text.size() < 2 || (text[0] != '+' && text[0] != '-')) return wrong();
    std::string digits;
    for (char const c : text.substr(1)) {
        if (digit(c))
            digits += c;
        else if (c != ':')
            return wrong();
    }
    if (digits.size() == 1 || digits.size() == 3) digits.insert(digits.begin(), '0');
    if (digits.size() == 2) digits += "00";
    if (digits.size() != 4) return wrong();
    std::size_t at = 0;
    auto const hours = take_number(digits, at, 2);
    auto const minutes = take_number(digits, at, 2);
    if (hours > 14 || minutes > 59) return wrong();
    auto const total = std::chrono::minutes(hours * 60 + minutes);
    return text[0] == '-' ? -total : total;
}

}  // namespace ounce::trap
