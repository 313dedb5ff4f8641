#include "base/signal_watch.hpp"

#include <pthread.h>

#include <cstdio>
#include <cstdlib>

namespace ounce {

SignalWatch::SignalWatch(std::string_view notice) : notice_(notice) {
    sigemptyset(&signals_);
    for (int const signal : {SIGINT, SIGTERM, SIGUSR2}) sigaddset(&signals_, signal);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    watcher_ = std::thread([this] { watch(); });
}

SignalWatch::~SignalWatch() {
    pthread_kill(watcher_.native_handle(), SIGUSR2);
    watcher_.join();
}

void SignalWatch::watch() {
    for (;;) {
        int signal = 0;
        sigwait(&signals_, &signal);
        if (signal == SIGUSR2) return;
        if (source_.stop_requested()) std::_Exit(128 + signal);
        std::fwrite(notice_.data(), 1, notice_.size(), stderr);
        source_.request_stop();
    }
}

}  // namespace ounce
