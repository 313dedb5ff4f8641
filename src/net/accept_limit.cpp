#include "net/accept_limit.hpp"

#include <algorithm>
#include <chrono>

namespace ounce::net {

AcceptLimit::Verdict AcceptLimit::enter(std::string const& address, Instant now) {
    auto found = callers_.find(address);
    if (found == callers_.end()) {
        if (callers_.size() >= kAddressesMax) forget_quiet(now);
        if (callers_.size() >= kAddressesMax) return Verdict::TooMany;
        Caller const caller{.open = 0, .tokens = bucket(), .counted = now};
        found = callers_.emplace(address, caller).first;
    }
    auto& caller = found->second;
    caller.tokens = tokens_at(caller, now);
    caller.counted = now;
    if (caller.tokens < 1) return Verdict::TooFast;
    if (caller.open >= options_.open_max) return Verdict::TooMany;
    caller.tokens -= 1;
    ++caller.open;
    return Verdict::Take;
}

void AcceptLimit::leave(std::string const& address) {
    auto const found = callers_.find(address);
    if (found != callers_.end() && found->second.open > 0) --found->second.open;
}

double AcceptLimit::tokens_at(Caller const& caller, Instant now) const {
    auto const seconds = std::max(0.0, std::chrono::duration<double>(now - caller.counted).count());
    return std::min(bucket(), caller.tokens + seconds * options_.per_second);
}

void AcceptLimit::forget_quiet(Instant now) {
    std::erase_if(callers_, [&](auto const& entry) {
        return entry.second.open == 0 && tokens_at(entry.second, now) >= bucket();
    });
}

}  // namespace ounce::net
