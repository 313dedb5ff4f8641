#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <unordered_map>

#include "iot/identity.hpp"

namespace ounce::iot {

/// Who is connected, and who was heard of last: kept in memory, given by what carries connections, merged
/// into what readers of the registry see. Any thread.
class PresenceBoard {
  public:
    void connected(Name const& name, Time now);
    void disconnected(Name const& name, Time now);
    /// A message, or another sign of life.
    void active(Name const& name, Time now);
    /// The identity was removed; with a device all its modules were.
    void forget(Name const& name);

    [[nodiscard]] Presence of(Name const& name) const;
    /// Devices (not modules) that are connected now.
    [[nodiscard]] std::int64_t connected_devices() const;

  private:
    struct Device {
        Presence own;
        std::map<std::string, Presence> modules;
    };

    Presence& known(Name const& name);
    [[nodiscard]] Presence const* find(Name const& name) const;

    mutable std::mutex mutex_;
    std::unordered_map<std::string, Device> devices_;
    std::int64_t connected_devices_ = 0;
};

}  // namespace ounce::iot
