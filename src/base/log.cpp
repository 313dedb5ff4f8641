#include "base/log.hpp"

#include <unistd.h>

#include <atomic>

#include "base/clock.hpp"

namespace ounce {
namespace {

/// A value longer than this is cut: a log line is for reading.
constexpr std::size_t kValueBytesMax = 1000;

std::atomic<LogLevel> least_level = LogLevel::Info;

std::string_view name_of(LogLevel level) {
    switch (level) {
        case LogLevel::Debug:
            return "debug";
        case LogLevel::Info:
            return "info";
        case LogLevel::Warning:
            return "warning";
        case LogLevel::Error:
            return "error";
    }
    return "error";
}

bool is_plain(std::string_view value) {
    for (char const c : value)
        if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c == '\x7f') return false;
    return !value.empty();
}

void append_value(std::string& line, std::string_view value) {
    bool const cut = value.size() > kValueBytesMax;
    value = value.substr(0, kValueBytesMax);
    if (is_plain(value) && !cut) {
        line += value;
        return;
    }
    line += '"';
    for (char const c : value) {
        if (c == '"' || c == '\\') {
            line += '\\';
            line += c;
        } else if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') {
            line += fmt::format("\\x{:02x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
        } else {
            line += c;
        }
    }
    line += cut ? "...\"" : "\"";
}

}  // namespace

std::string format_log_line(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
    std::string line(name_of(level));
    line += ' ';
    line += event;
    for (auto const& field : fields) {
        line += ' ';
        line += field.name;
        line += '=';
        append_value(line, field.value);
    }
    return line;
}

void log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
    if (level < least_level.load(std::memory_order_relaxed)) return;
    auto const line = to_iso8601(system_clock().now()) + ' ' + format_log_line(level, event, fields) + '\n';
    // One write keeps the line whole beside those of other threads. If standard error is gone, so is the
    // reader.
    [[maybe_unused]] auto const written = ::write(STDERR_FILENO, line.data(), line.size());
}

void set_log_level(LogLevel least) {
    least_level.store(least, std::memory_order_relaxed);
}

}  // namespace ounce
