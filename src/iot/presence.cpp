#include "iot/presence.hpp"

namespace ounce::iot {

void PresenceBoard::connected(Name const& name, Time now) {
    std::scoped_lock const lock(mutex_);
    auto& presence = known_[name];
    if (!presence.connected && name.module.empty()) ++connected_devices_;
    presence = {.connected = true, .changed = now, .last_activity = now};
}

void PresenceBoard::disconnected(Name const& name, Time now) {
    std::scoped_lock const lock(mutex_);
    auto const found = known_.find(name);
    if (found == known_.end() || !found->second.connected) return;
    if (name.module.empty()) --connected_devices_;
    found->second.connected = false;
    found->second.changed = now;
}

void PresenceBoard::active(Name const& name, Time now) {
    std::scoped_lock const lock(mutex_);
    known_[name].last_activity = now;
}

void PresenceBoard::forget(Name const& name) {
    std::scoped_lock const lock(mutex_);
    auto const found = known_.find(name);
    if (found == known_.end()) return;
    if (found->second.connected && name.module.empty()) --connected_devices_;
    known_.erase(found);
}

Presence PresenceBoard::of(Name const& name) const {
    std::scoped_lock const lock(mutex_);
    auto const found = known_.find(name);
    return found == known_.end() ? Presence{} : found->second;
}

std::int64_t PresenceBoard::connected_devices() const {
    std::scoped_lock const lock(mutex_);
    return connected_devices_;
}

}  // namespace ounce::iot
