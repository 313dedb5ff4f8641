#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "load/device.hpp"
#include "load/latencies.hpp"
#include "load/tally.hpp"

namespace ounce::load {

/// What to send.
struct PublishPlan {
    std::string run;                    // told in each body
    std::uint64_t messages = 0;         // in all; 0: until the time is over
    std::chrono::milliseconds time{0};  // 0: until all messages are sent
    std::size_t body_bytes = 500;
    std::size_t window = 1;  // messages of one device that are sent and not acknowledged, at most
    /// Messages a second in all, spread evenly over the devices and the time, whether or not the server keeps
    /// up; 0: each device sends as soon as its window has room.
    double per_s = 0;
};

/// Sends at QoS 1 with all devices and waits for the acknowledgements, in one thread.
class PublishRun {
  public:
    /// `devices` are connected and known to `poller` by their places; all three are borrowed.
    PublishRun(PublishPlan plan, std::span<Device> devices, Poller& poller, Tally& tally);

    /// Ends when all is sent and acknowledged, when no device is left, or 30 seconds after the last thing
    /// that happened.
    void go();

    /// {"messages" (acknowledged), "seconds" (from the first sent to the last acknowledged), "per_s",
    /// "latency_ms", "lost_connections", "unanswered"} and, if something broke, "first_error".
    /// Latency is from a message's sending (with a rate: from when it was due) to its PUBACK.
    [[nodiscard]] Json report() const;
    [[nodiscard]] bool all_well() const { return lost_ == 0 && in_flight_ == 0; }

  private:
    struct InFlight {
        std::uint16_t packet_id;
        std::uint64_t sequence;
        SteadyTime since;
    };
    struct Sender {
        std::deque<InFlight> in_flight;  // in the order sent, which is that of the acknowledgements
        std::deque<SteadyTime> due;      // with a rate: messages that wait for room
    };

    void make_due(SteadyTime now);
    [[nodiscard]] std::chrono::milliseconds until_due(SteadyTime now) const;
    [[nodiscard]] bool may_send(std::size_t number, SteadyTime now) const;
    [[nodiscard]] bool sent_all(SteadyTime now) const;
    void send_what_fits(std::size_t number);
    void turn(std::size_t number);
    void take(std::size_t number, wire::mqtt::Packet const& packet);
    void lose(std::size_t number, Error const& why);

    PublishPlan const plan_;
    std::span<Device> const devices_;
    Poller& poller_;
    Tally& tally_;
    std::vector<Sender> senders_;
    std::vector<wire::mqtt::Packet> packets_;
    SteadyTime began_{}, last_answer_{};
    std::uint64_t begun_ = 0;    // messages sent, or due with a rate
    std::size_t in_flight_ = 0;  // sent and neither acknowledged nor lost with their connection
    std::size_t waiting_ = 0;    // due and not sent
    std::size_t lost_ = 0;
    std::optional<Error> first_error_;
    Latencies latencies_;
};

}  // namespace ounce::load
