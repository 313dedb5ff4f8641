#include <cstdlib>
#include <vector>

#include "wire/mqtt_session.hpp"

namespace {

using namespace ounce;
using namespace ounce::wire;
using namespace std::chrono_literals;

constexpr std::size_t kOutputBytesMax = 4096;

/// What was understood once is written and understood again, and is the same.
void check_round_trip(ByteView input) {
    while (true) {
        auto const packet = mqtt::take_packet(input);
        if (!packet && packet.error().message.empty()) std::abort();
        if (!packet || !*packet) return;
        if (auto const* connect = std::get_if<mqtt::Connect>(&**packet);
            connect != nullptr && connect->level != mqtt::kProtocolLevel)
            continue;
        Bytes bytes;
        mqtt::encode(**packet, bytes);
        ByteView again(bytes);
        auto const second = mqtt::take_packet(again);
        if (!second || !*second || **second != **packet || !again.empty()) std::abort();
    }
}

/// Answers events as the hub does.
void answer(mqtt::Session& session, mqtt::Event const& event, mqtt::Session::Time now) {
    if (auto const* connect = std::get_if<mqtt::Connect>(&event)) {
        if (connect->client_id == "refuse")
            session.refuse(mqtt::ConnectCode::NotAuthorized);
        else
            session.accept(!connect->clean_session, now);
    } else if (auto const* publish = std::get_if<mqtt::Publish>(&event)) {
        if (publish->qos == mqtt::Qos::AtLeastOnce) session.puback(publish->packet_id);
        auto const sent = session.publish("t", publish->payload, publish->qos);
        if (!sent && sent.error().message.empty()) std::abort();
    } else if (auto const* subscribe = std::get_if<mqtt::Subscribe>(&event)) {
        std::vector<std::uint8_t> codes;
        for (auto const& subscription : subscribe->subscriptions)
            codes.push_back(static_cast<std::uint8_t>(subscription.qos));
        session.suback(subscribe->packet_id, std::move(codes));
    } else if (auto const* unsubscribe = std::get_if<mqtt::Unsubscribe>(&event)) {
        session.unsuback(unsubscribe->packet_id);
    }
}

/// Everything the session says is an MQTT packet.
void check_output(Bytes const& output) {
    ByteView rest(output);
    while (!rest.empty()) {
        auto const packet = mqtt::take_packet(rest);
        if (!packet || !*packet) std::abort();
    }
}

}  // namespace

// The bytes of a client, cut into reads: each begins with its length and with how long the client waited.
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    ByteView input(data, size);
    check_round_trip(input);

    mqtt::SessionLimits limits;
    limits.output_bytes_max = kOutputBytesMax;
    limits.inflight_max = 4;
    mqtt::Session::Time now{};
    mqtt::Session session(limits, now);
    while (input.size() > 2) {
        auto const chunk = input.subspan(2, std::min<std::size_t>(input[0], input.size() - 2));
        bool const reads = input[1] % 2 == 0;
        now += std::chrono::milliseconds(input[1] * input[1]);
        input = input.subspan(2 + chunk.size());
        session.advance(now);
        session.receive(chunk, now);
        while (auto const event = session.next_event()) answer(session, *event, now);
        if (session.inflight() > limits.inflight_max) std::abort();
        if (session.output_bytes() > kOutputBytesMax + mqtt::kPacketBytesMax) std::abort();
        if (session.closed() && (session.next_deadline() || session.wants_input())) std::abort();
        if (reads) check_output(session.take_output());
    }
    check_output(session.take_output());
    return 0;
}
