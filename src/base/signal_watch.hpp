#pragma once

#include <csignal>
#include <stop_token>
#include <string_view>
#include <thread>

namespace ounce {

/// Waits for SIGINT and SIGTERM on a thread of its own: the first asks for a stop, the second ends the
/// process at once. Make it before any other thread, which then leave the signals to it. One in a process.
class SignalWatch {
  public:
    /// `notice` is written to standard error at the first signal; empty: nothing. It must outlive the object.
    explicit SignalWatch(std::string_view notice);
    SignalWatch(SignalWatch const&) = delete;
    SignalWatch& operator=(SignalWatch const&) = delete;
    ~SignalWatch();

    [[nodiscard]] std::stop_token token() const { return source_.get_token(); }

  private:
    void watch();

    std::string_view const notice_;
    sigset_t signals_{};
    std::stop_source source_;
    std::thread watcher_;
};

}  // namespace ounce
