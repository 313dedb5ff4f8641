#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/json.hpp"

namespace ounce::load {

/// What was sent, what the broker acknowledged, and what was then found in it.
class Tally {
  public:
    explicit Tally(std::vector<std::string> const& devices);

    /// The next message of `device`: its sequence number, counted from 0.
    std::uint64_t sent(std::size_t device);
    void acknowledged(std::size_t device, std::uint64_t sequence);
    [[nodiscard]] std::uint64_t acknowledged_count() const { return acknowledged_; }

    /// A message came out of the broker. `again`: it says of itself that it may have been delivered before.
    void found(std::string_view device, std::uint64_t sequence, bool again);
    void found_damaged() { ++damaged_; }
    /// Acknowledged messages that were not found yet.
    [[nodiscard]] std::uint64_t missing() const { return acknowledged_ - acknowledged_found_; }

    /// {"missing", "twice", "damaged", "unacknowledged"}: acknowledged and not found; found more than once;
    /// with a wrong checksum or of a device never heard of; found though never acknowledged (which QoS 1
    /// allows). All but the last must be 0.
    [[nodiscard]] Json verdict() const;
    [[nodiscard]] bool all_well() const { return missing() == 0 && twice_ == 0 && damaged_ == 0; }

    /// For a reader of another kind: {device: {"sent": n, "acknowledged": [[first, last], …]}}.
    [[nodiscard]] Json to_json() const;

  private:
    struct One {
        std::string name;
        std::vector<std::uint8_t> messages;  // bits, below, by sequence number
    };
    static constexpr std::uint8_t kAcknowledged = 1, kFound = 2;

    std::vector<One> devices_;
    std::unordered_map<std::string_view, std::size_t> by_name_;  // views of devices_' names
    std::uint64_t acknowledged_ = 0, acknowledged_found_ = 0;
    std::uint64_t twice_ = 0, damaged_ = 0, unacknowledged_ = 0;
};

}  // namespace ounce::load
