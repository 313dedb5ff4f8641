#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/clock.hpp"
#include "base/metrics.hpp"
#include "crypto/keyring.hpp"
#include "iot/authenticate.hpp"
#include "iot/device_hub.hpp"
#include "iot/methods.hpp"
#include "iot/presence.hpp"
#include "iot/telemetry_log.hpp"
#include "iot/work.hpp"
#include "net/mqtt_server.hpp"
#include "wire/topic.hpp"

namespace ounce::api {

/// What devices and modules do over MQTT (iothub-auth-mqtt-http.md A4, A5, B): binds the events of
/// connections to the verbs of the iot domain. Its state belongs to the server's thread; work on disk is
/// handed to the ledgers and comes back as posted work, so nothing here waits.
///
/// One connection for each identity: a new one takes over. A telemetry message gets its PUBACK once the log
/// says that it is on disk; if the log does not take it, the connection closes without one and the device
/// sends it again. SUBSCRIBE of a session that is to be kept is answered once it is on disk.
class MqttPlane final : public net::MqttHandler {
  public:
    /// What it works with; all borrowed, and outlives it.
    struct Domain {
        iot::DeviceHub& hub;
        iot::TelemetryLog& telemetry;
        iot::PresenceBoard& presence;
        crypto::Keyring const& keyring;
        Clock const& clock;
        Metrics& metrics;
    };
    explicit MqttPlane(Domain domain);
    ~MqttPlane() override;

    /// Calls a direct method. Any thread. Errors, told to `done`: as iot::MethodCalls; Unavailable while no
    /// server runs.
    void call_method(iot::Name target, iot::MethodRequest request, iot::MethodDone done);

    /// For DeviceHub's listener: pushes desired properties, closes who lost access, forgets when those that
    /// were deleted were there. Any thread; pushes and closes nothing while no server runs.
    void changed(iot::Change const& change);

    // MqttHandler
    void start(net::MqttLinks& links) override;
    void handle(net::ConnectionId id, wire::mqtt::Event event) override;
    void closed(net::ConnectionId id, std::string const& reason) override;
    void wake() override;
    void stop() override;

  private:
    struct Gate;
    struct Link;
    struct Counts;
    struct ByDevice {
        bool operator()(iot::Name const& a, iot::Name const& b) const {
            return a.device != b.device ? a.device < b.device : a.module < b.module;
        }
    };

    void connect(net::ConnectionId id, wire::mqtt::Connect connect);
    void authenticated(net::ConnectionId id, Result<iot::DeviceCaller> caller);
    void refuse(net::ConnectionId id, wire::mqtt::ConnectCode code, std::string_view who,
                std::string_view why);
    void publish(net::ConnectionId id, Link& link, wire::mqtt::Publish publish);
    void append(net::ConnectionId id, Link& link, wire::PropertyBag bag, wire::mqtt::Publish publish);
    void get_twin(net::ConnectionId id, Link& link, std::string rid, std::uint16_t packet_id,
                  std::size_t bytes);
    void patch_twin(net::ConnectionId id, Link& link, std::string rid, wire::mqtt::Publish const& publish);
    void answer_twin(net::ConnectionId id, std::string const& rid, Result<std::string> const& body,
                     std::optional<std::int64_t> version);
    void subscribe(net::ConnectionId id, Link& link, wire::mqtt::Subscribe const& subscribe);
    void unsubscribe(net::ConnectionId id, Link& link, wire::mqtt::Unsubscribe const& unsubscribe);
    /// Remembers what the link is subscribed to; `told(Status)` runs on the server's thread.
    template <class F>
    void keep(Link const& link, F told);
    void done(net::ConnectionId id, std::uint16_t packet_id, std::size_t bytes);
    void publish_will(Link& link);
    bool send_method(iot::Name const& target, std::string_view rid, iot::MethodRequest const& request);
    void apply(iot::Change const& change);
    void arm_wake();
    Link* find_open(net::ConnectionId id);

    /// What hands a result of another thread back to the server's: `f(Result<T>)` runs there.
    template <class T, class F>
    UniqueFunction<void(Result<T>)> back(F f);

    Domain domain_;
    std::unique_ptr<Counts> counts_;
    std::shared_ptr<Gate> gate_;
    net::MqttLinks* links_ = nullptr;
    std::unordered_map<net::ConnectionId, Link> connections_;
    std::map<iot::Name, net::ConnectionId, ByDevice> by_name_;  // those that are open
    iot::MethodCalls calls_;
    Instant wake_at_ = Instant::max();
    std::uint64_t refusals_ = 0;  // since the last line in the log
    Instant refusal_logged_{};
};

}  // namespace ounce::api
