#include "wire/mqtt_session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ounce::wire::mqtt {

namespace {

/// 1.5 times what the client says, and never longer than kKeepAliveMax; that too if it says nothing.
std::chrono::milliseconds patience_for(std::uint16_t keep_alive_s) {
    std::chrono::milliseconds const longest = kKeepAliveMax;
    if (keep_alive_s == 0) return longest;
    return std::min(longest, std::chrono::milliseconds(keep_alive_s * 1500));
}

}  // namespace

Session::Session(SessionLimits const& limits, Time now)
    : limits_(limits), patience_(limits.connect_timeout), last_packet_(now), received_(now) {}

void Session::receive(ByteView bytes, Time now) {
    if (closed()) return;
    received_ = now;
    if (consumed_ > 0) {
        input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(consumed_));
        consumed_ = 0;
    }
    input_.insert(input_.end(), bytes.begin(), bytes.end());
}

std::optional<Event> Session::next_event() {
    if (std::exchange(violation_untold_, false)) return Violation{close_reason_};
    while (wants_input()) {
        auto rest = ByteView(input_).subspan(consumed_);
        auto packet = take_packet(
            rest, state_ == State::AwaitingConnect ? limits_.connect_bytes_max : limits_.packet_bytes_max);
        if (!packet) return violation(std::move(packet.error().message));
        consumed_ = input_.size() - rest.size();
        if (rest.empty()) {
            input_ = Bytes();
            consumed_ = 0;
        }
        if (!*packet) return std::nullopt;
        last_packet_ = received_;
        if (auto event = handle(std::move(**packet))) return event;
    }
    return std::nullopt;
}

std::optional<Event> Session::handle(Packet packet) {
    if (state_ == State::AwaitingConnect) {
        auto* connect = std::get_if<Connect>(&packet);
        if (connect == nullptr) return violation("the first packet is not CONNECT");
        state_ = State::Deciding;
        if (connect->level != kProtocolLevel) {
            refuse(ConnectCode::UnacceptableProtocol);
            return violation(
                fmt::format("MQTT protocol level {}: only 4 (MQTT 3.1.1) is spoken here", connect->level));
        }
        patience_ = patience_for(connect->keep_alive_s);
        return std::move(*connect);
    }
    if (auto* publish = std::get_if<Publish>(&packet)) {
        if (publish->qos == Qos::ExactlyOnce) return violation("PUBLISH with QoS 2");
        return std::move(*publish);
    }
    if (auto const* ack = std::get_if<Ack>(&packet)) {
        if (ack->kind != AckKind::Puback) return violation("a packet of QoS 2");
        auto const found = std::find(inflight_.begin(), inflight_.end(), ack->packet_id);
        if (found == inflight_.end()) return std::nullopt;  // of an earlier connection
        inflight_.erase(found);
        return Acknowledged{ack->packet_id};
    }
    if (auto* subscribe = std::get_if<Subscribe>(&packet)) return std::move(*subscribe);
    if (auto* unsubscribe = std::get_if<Unsubscribe>(&packet)) return std::move(*unsubscribe);
    if (std::holds_alternative<Pingreq>(packet)) {
        if (fits()) encode(Pingresp{}, output_);
        if (std::exchange(violation_untold_, false)) return Violation{close_reason_};
        return std::nullopt;
    }
    if (std::holds_alternative<Disconnect>(packet)) {
        close({});
        return Disconnect{};
    }
    if (std::holds_alternative<Connect>(packet)) return violation("a second CONNECT");
    return violation("a packet that only a server may send");
}

std::optional<Event> Session::violation(std::string reason) {
    close(reason);
    return Violation{std::move(reason)};
}

void Session::advance(Time now) {
    auto const deadline = next_deadline();
    if (!deadline || now < *deadline) return;
    close(state_ == State::AwaitingConnect ? "no CONNECT in time" : "silent for longer than its keep-alive");
    violation_untold_ = true;
}

std::optional<Session::Time> Session::next_deadline() const {
    if (!wants_input()) return std::nullopt;
    return last_packet_ + patience_;
}

bool Session::wants_input() const {
    return state_ == State::AwaitingConnect || state_ == State::Open;
}

void Session::accept(bool session_present, Time now) {
    if (state_ != State::Deciding) return;
    state_ = State::Open;
    last_packet_ = now;
    encode(Connack{session_present, ConnectCode::Accepted}, output_);
}

void Session::refuse(ConnectCode code) {
    if (state_ != State::Deciding) return;
    encode(Connack{false, code}, output_);
    close(fmt::format("CONNECT refused with code {}", static_cast<unsigned>(code)));
}

void Session::puback(std::uint16_t packet_id) {
    if (open() && fits()) encode(Ack{AckKind::Puback, packet_id}, output_);
}

void Session::suback(std::uint16_t packet_id, std::vector<std::uint8_t> codes) {
    for (auto& code : codes)
        if (code == static_cast<std::uint8_t>(Qos::ExactlyOnce))
            code = static_cast<std::uint8_t>(Qos::AtLeastOnce);
    if (open() && fits()) encode(Suback{packet_id, std::move(codes)}, output_);
}

void Session::unsuback(std::uint16_t packet_id) {
    if (open() && fits()) encode(Unsuback{packet_id}, output_);
}

Result<std::uint16_t> Session::publish(std::string_view topic, ByteView payload, Qos qos, bool dup) {
    if (!open()) return fail(Code::Unavailable, "the connection is not open");
    bool const wants_ack = qos != Qos::AtMostOnce;
    if (wants_ack && inflight_.size() >= limits_.inflight_max)
        return fail(Code::ResourceExhausted, "{} messages wait for their PUBACK", inflight_.size());
    if (!fits()) return fail(Code::Unavailable, "{}", close_reason_);
    std::uint16_t const id = wants_ack ? next_packet_id() : std::uint16_t{0};
    if (wants_ack) inflight_.push_back(id);
    encode_publish(topic, payload, wants_ack ? Qos::AtLeastOnce : Qos::AtMostOnce, id, dup && wants_ack,
                   output_);
    return id;
}

void Session::close(std::string reason) {
    if (closed()) return;
    state_ = State::Closed;
    close_reason_ = std::move(reason);
    input_ = Bytes();
    consumed_ = 0;
}

Bytes Session::take_output() {
    return std::exchange(output_, Bytes());
}

/// Whether there is room for one more packet. A client that leaves so much unread will not read it in time.
bool Session::fits() {
    if (output_.size() < limits_.output_bytes_max) return true;
    close(fmt::format("reads too slowly: {} bytes wait for it", output_.size()));
    violation_untold_ = true;
    return false;
}

std::uint16_t Session::next_packet_id() {
    do {
        last_packet_id_ = static_cast<std::uint16_t>(last_packet_id_ == 0xFFFF ? 1 : last_packet_id_ + 1);
    } while (std::find(inflight_.begin(), inflight_.end(), last_packet_id_) != inflight_.end());
    return last_packet_id_;
}

}  // namespace ounce::wire::mqtt
