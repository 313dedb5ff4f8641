#include "load/tally.hpp"

namespace ounce::load {

Tally::Tally(std::vector<std::string> const& devices) {
    devices_.reserve(devices.size());  // the names must stay where they are
    for (auto const& name : devices) {
        devices_.push_back({name, {}});
        by_name_.emplace(devices_.back().name, devices_.size() - 1);
    }
}

std::uint64_t Tally::sent(std::size_t device) {
    auto& messages = devices_[device].messages;
    messages.push_back(0);
    return messages.size() - 1;
}

void Tally::acknowledged(std::size_t device, std::uint64_t sequence) {
    auto& message = devices_[device].messages[sequence];
    if ((message & kAcknowledged) != 0) return;
    message |= kAcknowledged;
    ++acknowledged_;
}

void Tally::found(std::string_view device, std::uint64_t sequence, bool again) {
    auto const known = by_name_.find(device);
    if (known == by_name_.end() || sequence >= devices_[known->second].messages.size()) {
        ++damaged_;
        return;
    }
    auto& message = devices_[known->second].messages[sequence];
    if ((message & kFound) != 0) {
        twice_ += again ? 0 : 1;
        return;
    }
    message |= kFound;
    ((message & kAcknowledged) != 0 ? acknowledged_found_ : unacknowledged_) += 1;
}

Json Tally::verdict() const {
    return {{"missing", missing()},
            {"twice", twice_},
            {"damaged", damaged_},
            {"unacknowledged", unacknowledged_}};
}

Json Tally::to_json() const {
    Json all = Json::object();
    for (auto const& [name, messages] : devices_) {
        Json ranges = Json::array();
        for (std::size_t i = 0; i < messages.size(); ++i) {
            if ((messages[i] & kAcknowledged) == 0) continue;
            if (i > 0 && (messages[i - 1] & kAcknowledged) != 0)
                ranges.back()[1] = i;
            else
                ranges.push_back({i, i});
        }
        all[name] = {{"sent", messages.size()}, {"acknowledged", std::move(ranges)}};
    }
    return all;
}

}  // namespace ounce::load
