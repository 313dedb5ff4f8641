#include "base/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <memory>

namespace ounce {
namespace {

std::string duration_words(double seconds) {
    if (seconds < 90) return fmt::format("{:.0f} s", seconds);
    if (seconds < 5400) return fmt::format("{:.0f} min", seconds / 60);
    return fmt::format("{:.1f} h", seconds / 3600);
}

constexpr double kMegabyte = 1e6;

std::string amount(ProgressReport const& report) {
    if (report.unit == ProgressReport::Unit::Things)
        return report.total > 0 ? fmt::format("{}/{}", report.done, report.total)
                                : fmt::format("{}", report.done);
    auto const done = static_cast<double>(report.done) / kMegabyte;
    return report.total > 0
               ? fmt::format("{:.1f}/{:.1f} MB", done, static_cast<double>(report.total) / kMegabyte)
               : fmt::format("{:.1f} MB", done);
}

struct State {
    std::string step;
    std::chrono::steady_clock::time_point step_began;
    std::chrono::steady_clock::time_point shown;
    std::size_t width = 0;
    bool ended = false;  // the step, and its end was written
};

}  // namespace

std::string describe(ProgressReport const& report, std::chrono::duration<double> elapsed) {
    auto text = report.step + " " + amount(report);
    if (report.done == 0 || elapsed.count() <= 0) return text;
    auto const rate = static_cast<double>(report.done) / elapsed.count();
    text += report.unit == ProgressReport::Unit::Bytes ? fmt::format(", {:.1f} MB/s", rate / kMegabyte)
                                                       : fmt::format(", {:.1f}/s", rate);
    if (report.total > report.done)
        text +=
            fmt::format(", {} left", duration_words(static_cast<double>(report.total - report.done) / rate));
    return text;
}

ProgressSink stderr_progress(std::chrono::milliseconds interval) {
    bool const terminal = ::isatty(STDERR_FILENO) == 1;
    if (terminal) interval = std::chrono::milliseconds(100);
    auto const state = std::make_shared<State>();
    return [=](ProgressReport const& report) {
        auto const now = std::chrono::steady_clock::now();
        bool const new_step = report.step != state->step;
        bool const last = report.total > 0 && report.done >= report.total;
        if (new_step) {
            state->step = report.step;
            state->step_began = now;
        } else if (last ? state->ended : now - state->shown < interval) {
            return;
        }
        state->ended = last;
        state->shown = now;
        auto text = describe(report, now - state->step_began);
        if (!terminal) {
            std::fprintf(stderr, "%s\n", text.c_str());
            return;
        }
        auto const width = text.size();
        if (width < state->width) text.append(state->width - width, ' ');
        state->width = width;
        std::fprintf(stderr, "\r%s%s", text.c_str(), last ? "\n" : "");
        if (last) state->width = 0;
        std::fflush(stderr);
    };
}

}  // namespace ounce
