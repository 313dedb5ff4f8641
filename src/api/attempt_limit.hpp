#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace ounce::api {

/// Slows down who tries keys: after kFailuresMax wrong ones from an address its further tries are refused
/// unread until a minute has gone by without one that was tried. Any thread.
class AttemptLimit {
  public:
    static constexpr int kFailuresMax = 10;
    static constexpr std::chrono::seconds kPause{60};
    static constexpr std::size_t kAddressesMax = 10'000;  // beyond, those whose pause is over are forgotten

    [[nodiscard]] bool allows(std::string_view address, Instant now);
    void failed(std::string_view address, Instant now);
    void succeeded(std::string_view address);

  private:
    struct Record {
        int failures = 0;
        Instant last;
    };
    std::mutex mutex_;
    std::map<std::string, Record, std::less<>> records_;
};

}  // namespace ounce::api
