#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>

#include "base/clock.hpp"

namespace ounce::net {

/// How many connections one address may open: at once, and a second (a bucket that holds one second's worth).
/// Asked before the TLS handshake, which is what costs. Pure; one thread.
class AcceptLimit {
  public:
    struct Options {
        std::size_t open_max = 1'000;
        double per_second = 200;
    };
    /// Addresses remembered; when it is full, those without connections and with a full bucket go first, and
    /// while there are none of these, new addresses are refused.
    static constexpr std::size_t kAddressesMax = 20'000;

    explicit AcceptLimit(Options options) : options_(options) {}

    enum class Verdict { Take, TooFast, TooMany };
    /// Counts one connection in if the verdict is Take; it must be left() again.
    Verdict enter(std::string const& address, Instant now);
    void leave(std::string const& address);

    [[nodiscard]] std::size_t addresses() const { return callers_.size(); }

  private:
    struct Caller {
        std::size_t open = 0;
        double tokens = 0;
        Instant counted{};
    };
    [[nodiscard]] double bucket() const { return options_.per_second < 1 ? 1 : options_.per_second; }
    [[nodiscard]] double tokens_at(Caller const& caller, Instant now) const;
    void forget_quiet(Instant now);

    Options options_;
    std::unordered_map<std::string, Caller> callers_;
};

}  // namespace ounce::net
