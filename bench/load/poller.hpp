#pragma once

#include <sys/epoll.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <span>

#include "base/descriptor.hpp"
#include "base/result.hpp"

namespace ounce::load {

/// Says which of many clients have something to do. Each is told once for each change (edge-triggered): its
/// owner goes on until the socket has no more. One thread.
class Poller {
  public:
    static constexpr std::size_t kTurnMax = 256;  // clients told of at a time

    Poller() : epoll_(epoll_create1(EPOLL_CLOEXEC)) { OUNCE_CHECK(epoll_.valid()); }

    /// `number` is what the client is called from then on. Closing the descriptor takes it out.
    void add(int descriptor, std::uint32_t number) {
        epoll_event event{};
        event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
        event.data.u32 = number;
        OUNCE_CHECK(epoll_ctl(epoll_.number(), EPOLL_CTL_ADD, descriptor, &event) == 0);
    }

    /// Waits `patience` at most. The numbers are good until the next call.
    std::span<std::uint32_t const> wait(std::chrono::milliseconds patience) {
        auto const count = epoll_wait(epoll_.number(), events_.data(), static_cast<int>(events_.size()),
                                      static_cast<int>(patience.count()));
        OUNCE_CHECK(count >= 0 || errno == EINTR);
        std::size_t const ready = count > 0 ? static_cast<std::size_t>(count) : 0;
        for (std::size_t i = 0; i < ready; ++i) numbers_[i] = events_[i].data.u32;
        return {numbers_.data(), ready};
    }

  private:
    Descriptor epoll_;
    std::array<epoll_event, kTurnMax> events_{};
    std::array<std::uint32_t, kTurnMax> numbers_{};
};

}  // namespace ounce::load
