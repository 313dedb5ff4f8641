#include "api/mqtt_plane.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>

#include "base/file.hpp"
#include "crypto/base64.hpp"
#include "iot/identities.hpp"
#include "iot/twins.hpp"

namespace ounce::api {
namespace {

using namespace std::chrono_literals;
using namespace wire::mqtt;
using net::ConnectionId;
using testing::ElementsAre;
using testing::HasSubstr;

/// Sessions without sockets; posted work runs when the test waits for something.
class FakeLinks final : public net::MqttLinks {
  public:
    void post(UniqueFunction<void()> work) override {
        std::scoped_lock const lock(mutex_);
        posted_.push_back(std::move(work));
        changed_.notify_all();
    }
    Session* find_session(ConnectionId id) override {
        auto const found = sessions.find(id);
        return found == sessions.end() ? nullptr : found->second.get();
    }
    void finished(ConnectionId, std::size_t bytes) override { in_work -= bytes; }
    void close_at(ConnectionId, Instant when, std::string) override { close_time = when; }
    void wake_at(Instant when) override { wake_time = when; }
    std::string peer(ConnectionId) override { return "192.0.2.1"; }

    /// Runs what was posted, waiting for something if there is nothing. False if nothing came in 10 s.
    bool run_posted() {
        std::vector<UniqueFunction<void()>> work;
        {
            std::unique_lock lock(mutex_);
            if (!changed_.wait_for(lock, 10s, [&] { return !posted_.empty(); })) return false;
            work.swap(posted_);
        }
        for (auto& piece : work) piece();
        return true;
    }

    std::map<ConnectionId, std::unique_ptr<Session>> sessions;
    std::size_t in_work = 0;
    std::optional<Instant> close_time;
    std::optional<Instant> wake_time;

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<UniqueFunction<void()>> posted_;
};

class MqttPlaneTest : public testing::Test {
  protected:
    MqttPlaneTest() {
        plane.start(links);
        listening = &plane;
        add({"cam", ""});
        add({"cam", "classifier"});
        add({"other", ""});
    }
    ~MqttPlaneTest() override {
        listening = nullptr;
        plane.stop();
    }

    void add(iot::Name const& name) {
        iot::IdentityRequest request;
        request.name = name;
        ASSERT_TRUE(hub->run([&](iot::Work& work) { return iot::create_identity(work, request); }));
    }
    std::string token(iot::Name const& name, bool secondary = false, std::chrono::seconds lives = 1h) {
        auto const identity = hub->run([&](iot::Work& work) { return iot::get_identity(work, name); });
        auto const& authentication = identity->authentication;
        auto const& key = secondary ? authentication.secondary_key : authentication.primary_key;
        auto resource = "hub.example/devices/" + name.device;
        if (!name.module.empty()) resource += "/modules/" + name.module;
        return crypto::sign_sas_token(resource, key.bytes(), "", system_clock().now() + lives);
    }
    static Connect connect_packet(iot::Name const& name, std::string password, bool clean = true) {
        Connect packet;
        packet.client_id = wire::format_client_id(name);
        packet.user_name = "hub.example/" + packet.client_id + "/?api-version=2021-04-12";
        packet.password = std::move(password);
        packet.clean_session = clean;
        packet.keep_alive_s = 60;
        return packet;
    }

    ConnectionId open() {
        auto const id = ++last_id;
        links.sessions.emplace(id, std::make_unique<Session>(limits, Instant::clock::now()));
        return id;
    }
    void send(ConnectionId id, Packet const& packet) {
        Bytes bytes;
        encode(packet, bytes);
        links.find_session(id)->receive(bytes, Instant::clock::now());
        settle();
    }
    /// Passes on what sessions have to say.
    void settle() {
        for (auto const& [id, session] : links.sessions) {
            while (auto event = session->next_event()) {
                if (std::holds_alternative<Disconnect>(*event) || std::holds_alternative<Violation>(*event))
                    break;
                links.in_work += net::work_bytes(*event);
                plane.handle(id, std::move(*event));
            }
            auto const output = session->take_output();
            ByteView rest(output);
            while (!rest.empty()) received[id].push_back(*take_packet(rest).value());
            if (session->closed() && ended.insert(id).second) plane.closed(id, session->close_reason());
        }
    }
    template <class F>
    bool wait(F condition) {
        settle();
        while (!condition()) {
            if (!links.run_posted()) return false;
            settle();
        }
        return true;
    }
    /// The next packet that the client gets; Pingresp if none comes.
    Packet receive(ConnectionId id) {
        if (!wait([&] { return !received[id].empty(); })) return Pingresp{};
        auto packet = std::move(received[id].front());
        received[id].pop_front();
        return packet;
    }
    Connack connect(ConnectionId id, Connect const& packet) {
        send(id, packet);
        auto const answer = receive(id);
        EXPECT_TRUE(std::holds_alternative<Connack>(answer));
        return std::get<Connack>(answer);
    }
    ConnectionId connected(iot::Name const& name, bool clean = true) {
        auto const id = open();
        EXPECT_EQ(connect(id, connect_packet(name, token(name), clean)).code, ConnectCode::Accepted);
        return id;
    }
    void subscribe(ConnectionId id, std::string const& filter) {
        send(id, Subscribe{9, {{filter, Qos::AtLeastOnce}}});
        ASSERT_EQ(receive(id), Packet(Suback{9, {1}}));
    }
    bool closes(ConnectionId id) {
        return wait([&] { return links.find_session(id)->closed(); });
    }
    std::string const& reason(ConnectionId id) { return links.find_session(id)->close_reason(); }

    static Publish message(std::string topic, std::string_view body, std::uint16_t packet_id = 0) {
        Publish publish;
        publish.topic = std::move(topic);
        auto const bytes = as_bytes(body);
        publish.payload.assign(bytes.begin(), bytes.end());
        publish.qos = packet_id == 0 ? Qos::AtMostOnce : Qos::AtLeastOnce;
        publish.packet_id = packet_id;
        return publish;
    }
    std::vector<iot::StoredMessage> stored() {
        return telemetry->read(telemetry->earliest().value(), {}, 1000).value().messages;
    }

    TemporaryFolder folder = TemporaryFolder::create().value();
    crypto::Keyring keyring = crypto::Keyring::create({"hub.example"}).value();
    Metrics metrics;
    iot::PresenceBoard presence;
    std::atomic<MqttPlane*> listening = nullptr;
    std::unique_ptr<iot::DeviceHub> hub =
        iot::DeviceHub::open(folder.path() / "iot.db", system_clock(), [this](iot::Change const& change) {
            if (auto* listener = listening.load()) listener->changed(change);
        }).value();
    std::unique_ptr<iot::TelemetryLog> telemetry =
        iot::TelemetryLog::open(folder.path() / "telemetry.db", system_clock(), {}).value();
    MqttPlane plane{{*hub, *telemetry, presence, keyring, system_clock(), metrics}};
    FakeLinks links;
    SessionLimits limits;
    ConnectionId last_id = 0;
    std::map<ConnectionId, std::deque<Packet>> received;
    std::set<ConnectionId> ended;
    iot::Name const cam{"cam", ""};
    iot::Name const classifier{"cam", "classifier"};
    iot::Name const other{"other", ""};
};

TEST_F(MqttPlaneTest, LetsInWhoHasAKey) {
    auto const policy_token = [&](std::string_view name) {
        auto const& policy = *keyring.find_policy(name);
        return crypto::sign_sas_token("hub.example", policy.primary.bytes(), name, system_clock().now() + 1h);
    };
    for (auto const& packet :
         {connect_packet(cam, token(cam)), connect_packet(cam, token(cam, true)),
          connect_packet(classifier, token(classifier)), connect_packet(cam, policy_token("device"))})
        EXPECT_EQ(connect(open(), packet).code, ConnectCode::Accepted) << *packet.user_name;
    EXPECT_EQ(connect(open(), connect_packet(cam, policy_token("service"))).code, ConnectCode::NotAuthorized);
}

TEST_F(MqttPlaneTest, KeepsOutWhoHasNone) {
    auto no_password = connect_packet(cam, "");
    no_password.password.reset();
    auto nobody = no_password;
    nobody.user_name.reset();
    auto two_names = connect_packet(cam, token(cam));
    two_names.client_id = "other";
    auto no_name = connect_packet(cam, token(cam));
    no_name.user_name = "cam";
    auto foreign_will = connect_packet(cam, token(cam));
    foreign_will.will = Will{"devices/other/messages/events/", {}, Qos::AtLeastOnce, false};
    std::vector<std::pair<Connect, ConnectCode>> const cases = {
        {connect_packet(cam, "no token"), ConnectCode::NotAuthorized},
        {connect_packet(cam, token(other)), ConnectCode::NotAuthorized},
        {connect_packet(cam, token(classifier)), ConnectCode::NotAuthorized},
        {connect_packet(cam, token(cam, false, -1h)), ConnectCode::NotAuthorized},
        {connect_packet({"unknown", ""}, token(cam)), ConnectCode::NotAuthorized},
        {no_password, ConnectCode::NotAuthorized},
        {nobody, ConnectCode::NotAuthorized},
        {two_names, ConnectCode::IdentifierRejected},
        {no_name, ConnectCode::BadUserNameOrPassword},
        {foreign_will, ConnectCode::NotAuthorized},
    };
    for (auto const& [packet, code] : cases) {
        auto const id = open();
        EXPECT_EQ(connect(id, packet).code, code) << packet.client_id;
        EXPECT_TRUE(closes(id));
    }
    EXPECT_FALSE(presence.of(cam).connected);
}

TEST_F(MqttPlaneTest, AcknowledgesAMessageThatIsOnDisk) {
    auto const id = connected(classifier);
    send(id, message("devices/cam/modules/classifier/messages/events/%24.mid=m1&a=b", "hello", 5));
    EXPECT_EQ(receive(id), Packet(Ack{AckKind::Puback, 5}));
    auto const messages = stored();
    ASSERT_EQ(messages.size(), 1U);
    EXPECT_EQ(messages[0].from, classifier);
    EXPECT_EQ(as_text(messages[0].body), "hello");
    EXPECT_EQ(messages[0].properties.system.message_id, "m1");
    EXPECT_THAT(messages[0].properties.application, ElementsAre(wire::Property{"a", "b"}));
    EXPECT_EQ(links.in_work, 0U);
}

TEST_F(MqttPlaneTest, TakesMessagesOfQosZeroAndRetainedOnes) {
    auto const id = connected(cam);
    auto retained = message("devices/cam/messages/events/", "1");
    retained.retain = true;
    send(id, retained);
    ASSERT_TRUE(wait([&] { return links.in_work == 0; }));
    auto const messages = stored();
    ASSERT_EQ(messages.size(), 1U);
    EXPECT_THAT(messages[0].properties.application, ElementsAre(wire::Property{"mqtt-retain", "true"}));
    EXPECT_TRUE(received[id].empty());
}

TEST_F(MqttPlaneTest, StoresAMessageSentAgainOnce) {
    auto first = message("devices/cam/messages/events/", "same", 7);
    auto const before = connected(cam, false);
    send(before, first);
    EXPECT_EQ(receive(before), Packet(Ack{AckKind::Puback, 7}));
    auto const after = connected(cam, false);
    first.dup = true;
    send(after, first);
    EXPECT_EQ(receive(after), Packet(Ack{AckKind::Puback, 7}));
    EXPECT_EQ(stored().size(), 1U);
}

TEST_F(MqttPlaneTest, ClosesOnTopicsThatAreNotItsOwn) {
    for (std::string const topic :
         {"devices/other/messages/events/", "devices/cam/modules/classifier/messages/events/", "anything",
          "devices/cam/messages/events/a=%"}) {
        auto const id = connected(cam);
        send(id, message(topic, "x", 1));
        EXPECT_TRUE(closes(id)) << topic;
        EXPECT_THAT(reason(id), HasSubstr("PUBLISH"));
        EXPECT_EQ(links.in_work, 0U);
    }
    EXPECT_TRUE(stored().empty());
}

TEST_F(MqttPlaneTest, RefusesSubscriptionsOfOthers) {
    auto const id = connected(cam);
    send(id, Subscribe{3,
                       {{"$iothub/twin/res/#", Qos::ExactlyOnce},
                        {"devices/other/messages/devicebound/#", Qos::AtMostOnce},
                        {"#", Qos::AtMostOnce}}});
    EXPECT_EQ(receive(id), Packet(Suback{3, {1, kSubscriptionRefused, kSubscriptionRefused}}));
    send(id, Unsubscribe{4, {"$iothub/twin/res/#", "#"}});
    EXPECT_EQ(receive(id), Packet(Unsuback{4}));
}

TEST_F(MqttPlaneTest, AnswersForTheTwin) {
    auto const id = connected(classifier);
    subscribe(id, "$iothub/twin/res/#");
    send(id, message("$iothub/twin/GET/?$rid=r1", " "));
    auto const got = std::get<Publish>(receive(id));
    EXPECT_EQ(got.topic, "$iothub/twin/res/200/?$rid=r1");
    EXPECT_EQ(*parse_json(as_text(got.payload)),
              *parse_json(R"({"desired":{"$version":1},"reported":{"$version":1}})"));

    send(id, message("$iothub/twin/PATCH/properties/reported/?$rid=r2", R"({"a":1})"));
    auto const patched = std::get<Publish>(receive(id));
    EXPECT_EQ(patched.topic, "$iothub/twin/res/204/?$rid=r2&$version=2");
    EXPECT_TRUE(patched.payload.empty());
    auto const twin = hub->run([&](iot::Work& work) { return iot::get_twin(work, classifier); });
    EXPECT_EQ(iot::twin_for_client(*twin)["reported"]["a"], 1);
}

TEST_F(MqttPlaneTest, SaysWhyAReportedPatchIsRefused) {
    auto const id = connected(cam);
    subscribe(id, "$iothub/twin/res/#");
    std::vector<std::pair<std::string, std::string>> const cases = {
        {"no json", "400"},
        {"[1]", "400"},
        {R"({"a.b":1})", "400"},
        {R"(")" + std::string(70'000, 'a') + R"(")", "413"}};
    for (auto const& [body, status] : cases) {
        send(id, message("$iothub/twin/PATCH/properties/reported/?$rid=r", body));
        auto const answer = std::get<Publish>(receive(id));
        EXPECT_EQ(answer.topic, "$iothub/twin/res/" + status + "/?$rid=r") << body.substr(0, 20);
        EXPECT_GT(parse_json(as_text(answer.payload))->at("errorCode").get<int>(), 400'000);
    }
    EXPECT_FALSE(links.find_session(id)->closed());
}

TEST_F(MqttPlaneTest, PushesDesiredPropertiesToWhoSubscribed) {
    auto const deaf = connected(other);
    auto const id = connected(cam);
    subscribe(id, "$iothub/twin/PATCH/properties/desired/#");
    for (auto const& name : {other, cam}) {
        iot::TwinUpdate update;
        update.desired = Json{{"interval", 5}};
        ASSERT_TRUE(hub->run([&](iot::Work& work) { return iot::patch_twin(work, name, update, {}); }));
    }
    auto const pushed = std::get<Publish>(receive(id));
    EXPECT_EQ(pushed.topic, "$iothub/twin/PATCH/properties/desired/?$version=2");
    EXPECT_EQ(*parse_json(as_text(pushed.payload)), *parse_json(R"({"interval":5,"$version":2})"));
    EXPECT_TRUE(received[deaf].empty());
}

TEST_F(MqttPlaneTest, CallsMethods) {
    auto const id = connected(cam);
    subscribe(id, "$iothub/methods/POST/#");
    std::optional<Result<iot::MethodAnswer>> answer;
    iot::MethodRequest request;
    request.method = "reboot";
    request.payload = R"({"now":true})";
    plane.call_method(cam, request, [&](auto result) { answer = std::move(result); });
    auto const asked = std::get<Publish>(receive(id));
    ASSERT_THAT(asked.topic, testing::StartsWith("$iothub/methods/POST/reboot/?$rid="));
    EXPECT_EQ(as_text(asked.payload), request.payload);
    EXPECT_TRUE(links.wake_time);
    send(id, message("$iothub/methods/res/201/?$rid=" + asked.topic.substr(asked.topic.find('=') + 1),
                     R"({"ok":1})"));
    ASSERT_TRUE(wait([&] { return answer.has_value(); }));
    ASSERT_TRUE(*answer);
    EXPECT_EQ((*answer)->status, 201);
    EXPECT_EQ((*answer)->payload, (Json{{"ok", 1}}));
}

TEST_F(MqttPlaneTest, TellsWhoIsNotThereForAMethod) {
    connected(cam);  // and not subscribed
    iot::MethodRequest request;
    request.method = "reboot";
    request.payload = "null";
    for (auto const& name : {cam, other}) {
        std::optional<Result<iot::MethodAnswer>> answer;
        plane.call_method(name, request, [&](auto result) { answer = std::move(result); });
        ASSERT_TRUE(wait([&] { return answer.has_value(); }));
        EXPECT_EQ(answer->error().code, Code::NotFound);
    }
}

TEST_F(MqttPlaneTest, AnswersCallersWhenItStops) {
    auto const id = connected(cam);
    subscribe(id, "$iothub/methods/POST/#");
    iot::MethodRequest request;
    request.method = "slow";
    request.payload = "null";
    std::optional<Result<iot::MethodAnswer>> waiting;
    plane.call_method(cam, request, [&](auto result) { waiting = std::move(result); });
    receive(id);
    plane.stop();
    ASSERT_TRUE(waiting);
    EXPECT_FALSE(*waiting);
    std::optional<Result<iot::MethodAnswer>> late;
    plane.call_method(cam, request, [&](auto result) { late = std::move(result); });
    ASSERT_TRUE(late);
    EXPECT_EQ(late->error().code, Code::Unavailable);
}

TEST_F(MqttPlaneTest, LetsANewConnectionTakeOver) {
    auto const first = connected(cam);
    auto const second = connected(cam);
    EXPECT_TRUE(closes(first));
    EXPECT_THAT(reason(first), HasSubstr("took over"));
    EXPECT_FALSE(links.find_session(second)->closed());
    EXPECT_TRUE(presence.of(cam).connected);
    send(second, Disconnect{});
    EXPECT_FALSE(presence.of(cam).connected);
}

TEST_F(MqttPlaneTest, KeepsSubscriptionsOfASessionThatIsToBeKept) {
    auto const first = connected(cam, false);
    subscribe(first, "$iothub/methods/POST/#");
    subscribe(first, "$iothub/twin/res/#");
    send(first, Unsubscribe{2, {"$iothub/twin/res/#"}});
    EXPECT_EQ(receive(first), Packet(Unsuback{2}));
    send(first, Disconnect{});

    auto const second = open();
    EXPECT_EQ(connect(second, connect_packet(cam, token(cam), false)),
              (Connack{true, ConnectCode::Accepted}));
    iot::MethodRequest request;
    request.method = "reboot";
    request.payload = "null";
    plane.call_method(cam, request, [](auto) {});
    EXPECT_THAT(std::get<Publish>(receive(second)).topic, HasSubstr("reboot"));

    auto const clean = open();
    EXPECT_EQ(connect(clean, connect_packet(cam, token(cam), true)), (Connack{false, ConnectCode::Accepted}));
    auto const after = open();
    EXPECT_EQ(connect(after, connect_packet(cam, token(cam), false)),
              (Connack{false, ConnectCode::Accepted}));
}

TEST_F(MqttPlaneTest, ClosesWhoLosesAccess) {
    auto const device = connected(cam);
    auto const module = connected(classifier);
    auto const bystander = connected(other);
    iot::IdentityRequest request;
    request.name = cam;
    request.status = iot::DeviceStatus::Disabled;
    ASSERT_TRUE(hub->run(
        [&](iot::Work& work) { return iot::update_identity(work, request, iot::Precondition::any()); }));
    EXPECT_TRUE(closes(device));
    EXPECT_TRUE(closes(module));
    EXPECT_FALSE(links.find_session(bystander)->closed());
    EXPECT_EQ(connect(open(), connect_packet(cam, token(cam))).code, ConnectCode::NotAuthorized);

    auto const gone = hub->run([&](iot::Work& work) -> Result<bool> {
        TRY_STATUS(iot::delete_identity(work, other, iot::Precondition::any()));
        return true;
    });
    ASSERT_TRUE(gone);
    EXPECT_TRUE(closes(bystander));
}

TEST_F(MqttPlaneTest, RemembersNothingOfWhatWasDeleted) {
    // Seen, gone again, or there: a device made anew under the old name was never heard of.
    send(connected(cam), Disconnect{});
    send(connected(classifier), Disconnect{});
    auto const connection = connected(other);
    auto const items = *iot::parse_bulk(
        *parse_json(R"([{"id":"cam","importMode":"delete"},{"id":"other","importMode":"delete"}])"));
    auto const failed = hub->run([&](iot::Work& work) { return iot::change_identities(work, items); });
    ASSERT_TRUE(failed && failed->empty());
    EXPECT_TRUE(closes(connection));
    settle();
    for (auto const& name : {cam, classifier, other}) {
        EXPECT_EQ(presence.of(name).changed, Time{}) << name.device << name.module;
        EXPECT_EQ(presence.of(name).last_activity, Time{}) << name.device << name.module;
    }
    EXPECT_EQ(presence.connected_devices(), 0);
}

TEST_F(MqttPlaneTest, ClosesWhenTheTokenEnds) {
    auto const before = Instant::clock::now();
    auto const id = open();
    ASSERT_EQ(connect(id, connect_packet(cam, token(cam, false, 10min))).code, ConnectCode::Accepted);
    ASSERT_TRUE(links.close_time);
    auto const lives = *links.close_time - before;
    EXPECT_GT(lives, 10min + crypto::kSasTokenGrace - 10s);
    EXPECT_LT(lives, 10min + crypto::kSasTokenGrace + 10s);
}

TEST_F(MqttPlaneTest, DoesNotWatchATokenThatOutlivesTheHub) {
    ASSERT_EQ(connect(open(), connect_packet(cam, token(cam, false, std::chrono::years(5000)))).code,
              ConnectCode::Accepted);
    EXPECT_FALSE(links.close_time);
}

TEST_F(MqttPlaneTest, PublishesTheWillOfWhoVanished) {
    auto packet = connect_packet(cam, token(cam));
    packet.will = Will{"devices/cam/messages/events/a=b", {'b', 'y', 'e'}, Qos::AtLeastOnce, false};
    auto const polite = open();
    connect(polite, packet);
    send(polite, Disconnect{});
    auto const vanished = open();
    connect(vanished, packet);
    links.find_session(vanished)->close("the connection broke");
    settle();
    // The log keeps the order: what comes after the will is there after it.
    auto const next = connected(cam);
    send(next, message("devices/cam/messages/events/", "next", 1));
    receive(next);
    auto const messages = stored();
    ASSERT_EQ(messages.size(), 2U);
    EXPECT_EQ(as_text(messages[0].body), "bye");
    EXPECT_THAT(messages[0].properties.application,
                ElementsAre(wire::Property{"a", "b"}, wire::Property{"iothub-MessageType", "Will"}));
}

}  // namespace
}  // namespace ounce::api
