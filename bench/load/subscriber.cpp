#include "load/subscriber.hpp"

#include "load/message_body.hpp"
#include "load/poller.hpp"

namespace ounce::load {

namespace mqtt = wire::mqtt;

namespace {
constexpr std::chrono::milliseconds kPatience{10'000};
constexpr std::chrono::milliseconds kSilence{500};

/// Says goodbye; a server that closes at once is no failure.
Status leave(MqttClient& client) {
    std::vector<mqtt::Packet> ignored;
    client.send(mqtt::Disconnect{});
    if (auto moved = client.advance(ignored); !moved && moved.error().code != Code::Unavailable) return moved;
    return {};
}

}  // namespace

Subscriber::Subscriber(Target target, Account account, std::string filter)
    : target_(std::move(target)), account_(std::move(account)), filter_(std::move(filter)) {
    account_.clean_session = false;
}

Status Subscriber::subscribe() {
    TRY(auto client, MqttClient::connect(target_, account_));
    Poller poller;
    poller.add(client.descriptor(), 0);
    mqtt::Subscription wanted{.filter = filter_, .qos = mqtt::Qos::AtLeastOnce};
    client.send(mqtt::Subscribe{.packet_id = 1, .subscriptions = {wanted}});
    std::vector<mqtt::Packet> packets;
    while (packets.empty()) {
        if (poller.wait(kPatience).empty())
            return fail(Code::DeadlineExceeded, "the server does not answer SUBSCRIBE");
        TRY_STATUS(client.advance(packets));
    }
    auto const* answer = std::get_if<mqtt::Suback>(&packets.front());
    if (answer == nullptr || answer->codes != std::vector<std::uint8_t>{1})
        return fail(Code::PermissionDenied, "the server does not grant QoS 1 for {}", filter_);
    return leave(client);
}

Status Subscriber::collect(std::string_view run, Tally& tally) {
    TRY(auto client, MqttClient::connect(target_, account_));
    Poller poller;
    poller.add(client.descriptor(), 0);
    std::vector<mqtt::Packet> packets;
    while (!poller.wait(tally.missing() == 0 ? kSilence : kPatience).empty()) {
        TRY_STATUS(client.advance(packets));
        while (!packets.empty()) {
            for (auto const& packet : std::exchange(packets, {})) {
                auto const* message = std::get_if<mqtt::Publish>(&packet);
                if (message == nullptr) continue;
                if (message->qos == mqtt::Qos::AtLeastOnce)
                    client.send(mqtt::Ack{.kind = mqtt::AckKind::Puback, .packet_id = message->packet_id});
                if (auto const name = read_body(message->payload, run))
                    tally.found(name->device, name->sequence, message->dup);
                else
                    tally.found_damaged();
            }
            TRY_STATUS(client.advance(packets));
        }
    }
    return leave(client);
}

}  // namespace ounce::load
