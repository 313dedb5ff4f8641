#include "load/mqtt_client.hpp"

namespace ounce::load {

namespace mqtt = wire::mqtt;

Result<MqttClient> MqttClient::connect(Target const& target, Account const& account) {
    TRY(auto connection, TlsClient::connect(target));
    MqttClient client(std::move(connection));
    mqtt::Connect hello;
    hello.clean_session = account.clean_session;
    hello.keep_alive_s = 1177;  // longer than any run, and no longer than a hub lets a client be silent
    hello.client_id = account.client_id;
    if (!account.user_name.empty()) hello.user_name = account.user_name;
    if (!account.password.empty()) hello.password = account.password;
    client.send(hello);
    return client;
}

Status MqttClient::advance(std::vector<mqtt::Packet>& packets) {
    auto const moved = connection_.advance();  // what came before an end still counts
    ByteView rest = connection_.incoming;
    for (;;) {
        TRY(auto packet, mqtt::take_packet(rest));
        if (!packet) break;
        if (auto const* answer = std::get_if<mqtt::Connack>(&*packet)) {
            if (answer->code != mqtt::ConnectCode::Accepted)
                return fail(Code::PermissionDenied, "the server refused the CONNECT with code {}",
                            static_cast<int>(answer->code));
            accepted_ = true;
        } else {
            packets.push_back(std::move(*packet));
        }
    }
    auto& incoming = connection_.incoming;
    incoming.erase(incoming.begin(), incoming.end() - static_cast<std::ptrdiff_t>(rest.size()));
    return moved;
}

std::uint16_t MqttClient::publish(std::string_view topic, ByteView body) {
    last_id_ = last_id_ == UINT16_MAX ? std::uint16_t{1} : static_cast<std::uint16_t>(last_id_ + 1);
    mqtt::encode_publish(topic, body, mqtt::Qos::AtLeastOnce, last_id_, false, connection_.outgoing);
    return last_id_;
}

}  // namespace ounce::load
