#include "load/publish_run.hpp"

#include <algorithm>

#include "load/message_body.hpp"

namespace ounce::load {

namespace mqtt = wire::mqtt;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {
constexpr milliseconds kPatience{30'000};
}

PublishRun::PublishRun(PublishPlan plan, std::span<Device> devices, Poller& poller, Tally& tally)
    : plan_(std::move(plan)), devices_(devices), poller_(poller), tally_(tally), senders_(devices.size()) {}

/// With a rate: hands each message whose time has come to the device whose turn it is.
void PublishRun::make_due(SteadyTime now) {
    if (plan_.per_s <= 0) return;
    auto const elapsed = seconds_between(began_, now);
    while ((plan_.messages == 0 || begun_ < plan_.messages) &&
           (plan_.time == milliseconds{0} || began_ + plan_.time > now) &&
           static_cast<double>(begun_) / plan_.per_s <= elapsed) {
        auto const number = begun_ % senders_.size();
        if (devices_[number].client) {
            senders_[number].due.push_back(
                began_ + std::chrono::duration_cast<steady_clock::duration>(
                             std::chrono::duration<double>(static_cast<double>(begun_) / plan_.per_s)));
            ++waiting_;
        }
        ++begun_;
        turn(number);
    }
}

/// How long to wait for sockets at most.
milliseconds PublishRun::until_due(SteadyTime now) const {
    if (plan_.per_s <= 0 || sent_all(now)) return kPatience;
    auto const wait_s = static_cast<double>(begun_) / plan_.per_s - seconds_between(began_, now);
    return milliseconds(std::max<std::int64_t>(0, static_cast<std::int64_t>(wait_s * 1000)));
}

bool PublishRun::sent_all(SteadyTime now) const {
    return waiting_ == 0 && ((plan_.messages > 0 && begun_ >= plan_.messages) ||
                             (plan_.time > milliseconds{0} && now >= began_ + plan_.time));
}

bool PublishRun::may_send(std::size_t number, SteadyTime now) const {
    if (senders_[number].in_flight.size() >= plan_.window) return false;
    return plan_.per_s > 0 ? !senders_[number].due.empty() : !sent_all(now);
}

void PublishRun::send_what_fits(std::size_t number) {
    auto& device = devices_[number];
    auto& sender = senders_[number];
    if (!device.client) return;
    bool any = false;
    for (auto now = steady_clock::now(); may_send(number, now); now = steady_clock::now()) {
        auto since = now;
        if (plan_.per_s > 0) {
            since = sender.due.front();
            sender.due.pop_front();
            --waiting_;
        } else {
            ++begun_;
        }
        auto const sequence = tally_.sent(number);
        auto const body = make_body(plan_.run, device.name, sequence, plan_.body_bytes);
        sender.in_flight.push_back({device.client->publish(device.topic, body), sequence, since});
        ++in_flight_;
        any = true;
    }
    if (!any) return;
    if (auto moved = device.client->advance(packets_); !moved) lose(number, moved.error());
}

void PublishRun::take(std::size_t number, mqtt::Packet const& packet) {
    auto const* ack = std::get_if<mqtt::Ack>(&packet);
    if (ack == nullptr || ack->kind != mqtt::AckKind::Puback) return;
    auto& waiting = senders_[number].in_flight;
    auto const found = std::ranges::find(waiting, ack->packet_id, &InFlight::packet_id);
    if (found == waiting.end()) return;
    last_answer_ = steady_clock::now();
    latencies_.add(last_answer_ - found->since);
    tally_.acknowledged(number, found->sequence);
    waiting.erase(found);
    --in_flight_;
}

void PublishRun::lose(std::size_t number, Error const& why) {
    auto& sender = senders_[number];
    in_flight_ -= sender.in_flight.size();
    waiting_ -= sender.due.size();
    sender = {};
    devices_[number].client.reset();
    ++lost_;
    if (!first_error_) first_error_ = why.in(devices_[number].name);
}

/// Takes what came for one device, and sends as much as that made room for.
void PublishRun::turn(std::size_t number) {
    auto& device = devices_[number];
    if (!device.client) return;
    auto moved = device.client->advance(packets_);
    // Sending reads too, so that acknowledgements may come while others are being taken.
    do {
        auto const came = std::exchange(packets_, {});
        for (auto const& packet : came) take(number, packet);
        if (!moved) return lose(number, moved.error());
        send_what_fits(number);
    } while (!packets_.empty() && device.client);
    packets_.clear();
}

void PublishRun::go() {
    began_ = last_answer_ = steady_clock::now();
    for (std::size_t i = 0; plan_.per_s <= 0 && i < devices_.size(); ++i) turn(i);
    for (auto now = began_; lost_ < devices_.size() && (in_flight_ > 0 || !sent_all(now));
         now = steady_clock::now()) {
        make_due(now);
        auto const ready = poller_.wait(until_due(now));
        if (ready.empty() && steady_clock::now() - std::max(last_answer_, now) >= kPatience) return;
        for (auto const number : ready) turn(number);
    }
}

Json PublishRun::report() const {
    auto const seconds = seconds_between(began_, last_answer_);
    auto const count = latencies_.count();
    Json report = {{"messages", count},
                   {"seconds", seconds},
                   {"per_s", seconds > 0 ? static_cast<double>(count) / seconds : 0.0},
                   {"latency_ms", latencies_.to_json()},
                   {"lost_connections", lost_},
                   {"unanswered", in_flight_}};
    if (first_error_) report["first_error"] = first_error_->message;
    return report;
}

}  // namespace ounce::load
