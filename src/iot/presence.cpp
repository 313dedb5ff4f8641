#include "iot/presence.hpp"

namespace ounce::iot {

Presence& PresenceBoard::known(Name const& name) {
    auto& device = devices_[name.device];
    return name.module.empty() ? device.own : device.modules[name.module];
}

Presence const* PresenceBoard::find(Name const& name) const {
    auto const device = devices_.find(name.device);
    if (device == devices_.end()) return nullptr;
    if (name.module.empty()) return &device->second.own;
    auto const module = device->second.modules.find(name.module);
    return module == device->second.modules.end() ? nullptr : &module->second;
}

void PresenceBoard::connected(Name const& name, Time now) {
    std::scoped_lock const lock(mutex_);
    auto& presence = known(name);
    if (!presence.connected && name.module.empty()) ++connected_devices_;
    presence = {.connected = true, .changed = now, .last_activity = now};
}

void PresenceBoard::disconnected(Name const& name, Time now) {
    std::scoped_lock const lock(mutex_);
    if (auto const* const there = find(name); there == nullptr || !there->connected) return;
    if (name.module.empty()) --connected_devices_;
    auto& presence = known(name);
    presence.connected = false;
    presence.changed = now;
}

void PresenceBoard::active(Name const& name, Time now) {
    std::scoped_lock const lock(mutex_);
    known(name).last_activity = now;
}

void PresenceBoard::forget(Name const& name) {
    std::scoped_lock const lock(mutex_);
    auto const device = devices_.find(name.device);
    if (device == devices_.end()) return;
    if (!name.module.empty()) {
        device->second.modules.erase(name.module);
        return;
    }
    if (device->second.own.connected) --connected_devices_;
    devices_.erase(device);
}

Presence PresenceBoard::of(Name const& name) const {
    std::scoped_lock const lock(mutex_);
    auto const* const presence = find(name);
    return presence == nullptr ? Presence{} : *presence;
}

std::int64_t PresenceBoard::connected_devices() const {
    std::scoped_lock const lock(mutex_);
    return connected_devices_;
}

}  // namespace ounce::iot
