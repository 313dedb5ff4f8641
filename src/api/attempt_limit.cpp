#include "api/attempt_limit.hpp"

namespace ounce::api {

bool AttemptLimit::allows(std::string_view address, Instant now) {
    std::scoped_lock const lock(mutex_);
    auto const found = records_.find(address);
    if (found == records_.end()) return true;
    if (now - found->second.last >= kPause) {
        records_.erase(found);
        return true;
    }
    return found->second.failures < kFailuresMax;
}

void AttemptLimit::failed(std::string_view address, Instant now) {
    std::scoped_lock const lock(mutex_);
    if (records_.size() >= kAddressesMax)
        std::erase_if(records_, [now](auto const& entry) { return now - entry.second.last >= kPause; });
    if (records_.size() >= kAddressesMax) records_.clear();  // a flood of addresses slows nobody else down
    auto& record = records_[std::string(address)];
    ++record.failures;
    record.last = now;
}

void AttemptLimit::succeeded(std::string_view address) {
    std::scoped_lock const lock(mutex_);
    if (auto const found = records_.find(address); found != records_.end()) records_.erase(found);
}

}  // namespace ounce::api
