#pragma once

#include <fmt/format.h>

#include <initializer_list>
#include <string>
#include <string_view>

namespace ounce {

enum class LogLevel { Debug, Info, Warning, Error };

/// A field of a log line. The value is written as text; secrets never go in.
struct LogField {
    std::string_view name;
    std::string value;

    LogField(std::string_view field, std::string_view text) : name(field), value(text) {}
    template <class T>
        requires std::is_arithmetic_v<T>
    LogField(std::string_view field, T number) : name(field), value(fmt::format("{}", number)) {}
};

/// Writes one line to standard error: time, level, what happened, fields:
///   2026-11-23T08:30:00.123Z info session closed device=cam-7 reason="keep-alive ran out"
/// `event` is a fixed phrase to search for. Values that are not plain words are quoted and escaped, so that
/// no input can forge a line. Any thread; a line is never torn.
void log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});

inline void log_info(std::string_view event, std::initializer_list<LogField> fields = {}) {
    log(LogLevel::Info, event, fields);
}
inline void log_warning(std::string_view event, std::initializer_list<LogField> fields = {}) {
    log(LogLevel::Warning, event, fields);
}
inline void log_error(std::string_view event, std::initializer_list<LogField> fields = {}) {
    log(LogLevel::Error, event, fields);
}

/// Lines below this are not written. Info until set. Any thread.
void set_log_level(LogLevel least);

/// The line without its time, for tests.
std::string format_log_line(LogLevel level, std::string_view event, std::initializer_list<LogField> fields);

}  // namespace ounce
