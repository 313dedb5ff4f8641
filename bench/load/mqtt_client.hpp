#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "load/tls_client.hpp"
#include "wire/mqtt_packet.hpp"

namespace ounce::load {

struct Account {
    std::string client_id;
    std::string user_name;  // empty: none
    std::string password;   // empty: none
    bool clean_session = true;
};

/// The client's side of MQTT 3.1.1, as little of it as measuring needs. Never waits.
class MqttClient {
  public:
    /// Begins to connect; CONNECT is on its way as soon as TLS is there. Errors: as TlsClient::connect.
    static Result<MqttClient> connect(Target const& target, Account const& account);

    /// Moves bytes both ways and appends what came to `packets`, CONNACK left out.
    /// Errors: as TlsClient::advance; PermissionDenied if the server refuses the CONNECT; InvalidArgument if
    /// what it sends is no MQTT.
    Status advance(std::vector<wire::mqtt::Packet>& packets);

    /// Queues a message; advance() sends it. Gives its packet id.
    std::uint16_t publish(std::string_view topic, ByteView body);
    void send(wire::mqtt::Packet const& packet) { wire::mqtt::encode(packet, connection_.outgoing); }

    [[nodiscard]] bool accepted() const { return accepted_; }  // CONNACK came and said yes
    [[nodiscard]] int descriptor() const { return connection_.descriptor(); }

  private:
    explicit MqttClient(TlsClient connection) : connection_(std::move(connection)) {}

    TlsClient connection_;
    std::uint16_t last_id_ = 0;
    bool accepted_ = false;
};

}  // namespace ounce::load
