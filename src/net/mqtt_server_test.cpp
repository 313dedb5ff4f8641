#include "net/mqtt_server.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "net/mqtt_client_test.hpp"
#include "net/tls_fixture_test.hpp"

namespace ounce::net {
namespace {

using namespace std::chrono_literals;
using namespace wire::mqtt;

/// Accepts everyone but "refuse"; finishes messages at once, or when the test says so.
class Hub final : public MqttHandler {
  public:
    void start(MqttLinks& links) override { links_ = &links; }

    void handle(ConnectionId id, Event event) override {
        auto* session = links_->find_session(id);
        ASSERT_NE(session, nullptr);
        auto const bytes = work_bytes(event);
        if (auto const* connect = std::get_if<Connect>(&event)) {
            connect->client_id == "refuse" ? session->refuse(ConnectCode::NotAuthorized)
                                           : session->accept(false, Instant::clock::now());
            if (connect->client_id == "expires")
                links_->close_at(id, Instant::clock::now() + 50ms, "expired");
            std::scoped_lock const lock(mutex);
            connection = id;
        } else if (auto const* publish = std::get_if<Publish>(&event)) {
            auto const packet_id = publish->packet_id;
            {
                std::scoped_lock const lock(mutex);
                ++messages;
                in_work += bytes;
                most_in_work = std::max(most_in_work, in_work);
            }
            auto finish = [this, id, packet_id, bytes] {
                links_->finished(id, bytes);
                if (auto* there = links_->find_session(id)) there->puback(packet_id);
                std::scoped_lock const lock(mutex);
                in_work -= bytes;
            };
            std::scoped_lock const lock(mutex);
            if (keep)
                kept.emplace_back(std::move(finish));
            else
                links_->post(std::move(finish));
        }
        changed.notify_all();
    }

    void closed(ConnectionId, std::string const& reason) override {
        std::scoped_lock const lock(mutex);
        reasons.push_back(reason);
        changed.notify_all();
    }
    void wake() override {
        std::scoped_lock const lock(mutex);
        ++wakes;
        changed.notify_all();
    }

    void stop() override { links_ = nullptr; }

    /// Waits until `condition` holds; false if it does not within 10 s.
    template <class F>
    bool wait(F condition) {
        std::unique_lock lock(mutex);
        return changed.wait_for(lock, 10s, condition);
    }
    /// Finishes nothing from now on.
    void keep_all() {
        std::scoped_lock const lock(mutex);
        keep = true;
    }
    /// Finishes what was kept, and keeps no more.
    void finish_kept() {
        std::vector<UniqueFunction<void()>> work;
        {
            std::scoped_lock const lock(mutex);
            work.swap(kept);
            keep = false;
        }
        for (auto& piece : work) links_->post(std::move(piece));
    }

    MqttLinks* links_ = nullptr;
    std::mutex mutex;
    std::condition_variable changed;
    bool keep = false;
    std::vector<UniqueFunction<void()>> kept;
    ConnectionId connection = 0;
    int messages = 0;
    int wakes = 0;
    std::size_t in_work = 0;
    std::size_t most_in_work = 0;
    std::vector<std::string> reasons;
};

class MqttServerTest : public testing::Test {
  protected:
    void SetUp() override {
        options.address = "127.0.0.1";
        options.port = 0;
    }
    void start() {
        auto started = MqttServer::start(options, tls.identity(), hub, metrics);
        ASSERT_TRUE(started) << started.error().message;
        server = std::move(*started);
    }
    MqttTestClient client(std::string const& from = "127.0.0.1") {
        return MqttTestClient(server->port(), tls.ca_pem(), from);
    }
    static Publish message(std::uint16_t packet_id, std::size_t bytes) {
        Publish publish;
        publish.topic = "t";
        publish.payload = Bytes(bytes, 7);
        publish.qos = Qos::AtLeastOnce;
        publish.packet_id = packet_id;
        return publish;
    }

    TlsFixture tls;
    Metrics metrics;
    Hub hub;
    MqttServer::Options options;
    std::unique_ptr<MqttServer> server;
};

TEST_F(MqttServerTest, CarriesMessagesOfAllSizes) {
    start();
    auto device = client();
    ASSERT_TRUE(device.connect("d"));
    std::uint16_t packet_id = 0;
    for (std::size_t const bytes : {0U, 1U, 16384U, 16385U, 262144U}) {
        ASSERT_TRUE(device.send(message(++packet_id, bytes)));
        EXPECT_EQ(device.receive(), Packet(Ack{AckKind::Puback, packet_id})) << bytes;
    }
}

TEST_F(MqttServerTest, PublishesFromAnyThread) {
    start();
    auto device = client();
    ASSERT_TRUE(device.connect("d"));
    Bytes const payload(100'000, 5);
    hub.links_->post([&] {
        auto* session = hub.links_->find_session(hub.connection);
        EXPECT_TRUE(session->publish("t", payload, Qos::AtLeastOnce));
    });
    auto const packet = device.receive();
    ASSERT_TRUE(packet);
    EXPECT_EQ(std::get<Publish>(*packet).payload, payload);
}

TEST_F(MqttServerTest, TellsARefusedClientWhy) {
    start();
    auto device = client();
    ASSERT_TRUE(device.shake_hands());
    Connect packet;
    packet.client_id = "refuse";
    ASSERT_TRUE(device.send(packet));
    EXPECT_EQ(device.receive(), Packet(Connack{false, ConnectCode::NotAuthorized}));
    EXPECT_TRUE(device.closed_by_server());
}

TEST_F(MqttServerTest, SaysHowAConnectionEnded) {
    start();
    {
        auto polite = client();
        ASSERT_TRUE(polite.connect("d"));
        ASSERT_TRUE(polite.send(Disconnect{}));
        EXPECT_TRUE(polite.closed_by_server());
    }
    {
        ASSERT_TRUE(client().connect("d"));
    }
    auto broken = client();
    ASSERT_TRUE(broken.connect("d"));
    ASSERT_TRUE(broken.send(Pingresp{}));
    EXPECT_TRUE(broken.closed_by_server());
    ASSERT_TRUE(hub.wait([&] { return hub.reasons.size() == 3; }));
    EXPECT_EQ(hub.reasons[0], "");
    EXPECT_NE(hub.reasons[1], "");
    EXPECT_EQ(hub.reasons[2], "a packet that only a server may send");
}

TEST_F(MqttServerTest, ClosesThoseWhoSayNothing) {
    options.session.connect_timeout = 1s;
    start();
    auto no_tls = client();
    ASSERT_TRUE(no_tls.connected());
    auto no_connect = client();
    ASSERT_TRUE(no_connect.shake_hands());
    EXPECT_TRUE(no_tls.closed_by_server());
    EXPECT_TRUE(no_connect.closed_by_server());
    EXPECT_TRUE(hub.reasons.empty()) << "nobody was introduced";
}

TEST_F(MqttServerTest, ClosesASilentDeviceAfterItsKeepAlive) {
    start();
    auto device = client();
    ASSERT_TRUE(device.connect("d", 1));
    EXPECT_TRUE(device.closed_by_server());
    ASSERT_TRUE(hub.wait([&] { return hub.reasons.size() == 1; }));
    EXPECT_EQ(hub.reasons[0], "silent for longer than its keep-alive");
}

TEST_F(MqttServerTest, StopsReadingWhileTooMuchIsInWork) {
    options.work_bytes_per_connection_max = 100'000;
    start();
    auto device = client();
    ASSERT_TRUE(device.connect("d", 1));
    hub.keep_all();
    std::jthread sender([&] {
        for (std::uint16_t packet_id = 1; packet_id <= 200; ++packet_id)
            ASSERT_TRUE(device.send(message(packet_id, 50'000)));
    });
    ASSERT_TRUE(hub.wait([&] { return hub.messages >= 2; }));
    // The silence of a device that is not read from is not held against it.
    hub.links_->post([&] { hub.links_->wake_at(Instant::clock::now() + 2s); });
    ASSERT_TRUE(hub.wait([&] { return hub.wakes == 1; }));
    EXPECT_TRUE(hub.wait([&] { return hub.messages == 2 && hub.reasons.empty(); }));
    hub.finish_kept();
    sender.join();
    for (std::uint16_t packet_id = 1; packet_id <= 200; ++packet_id)
        ASSERT_EQ(device.receive(), Packet(Ack{AckKind::Puback, packet_id}));
    EXPECT_LT(hub.most_in_work, 200'000U);
}

TEST_F(MqttServerTest, BoundsTheWorkOfAllTogether) {
    options.work_bytes_max = 100'000;
    start();
    auto first = client();
    auto second = client();
    ASSERT_TRUE(first.connect("a"));
    ASSERT_TRUE(second.connect("b"));
    hub.keep_all();
    ASSERT_TRUE(first.send(message(1, 100'000)));
    ASSERT_TRUE(hub.wait([&] { return hub.messages == 1; }));
    ASSERT_TRUE(second.send(message(1, 10)));
    ASSERT_TRUE(second.send(Pingreq{}));
    hub.finish_kept();
    EXPECT_EQ(first.receive(), Packet(Ack{AckKind::Puback, 1}));
    EXPECT_TRUE(second.receive());
    EXPECT_TRUE(second.receive());
    EXPECT_LT(hub.most_in_work, 101'000U);
}

TEST_F(MqttServerTest, ClosesADeviceThatNeverReads) {
    start();
    auto device = client();
    ASSERT_TRUE(device.connect("d"));
    std::atomic<bool> over{false};
    std::function<void()> more = [&] {
        auto* session = hub.links_->find_session(hub.connection);
        if (session == nullptr || !session->publish("t", Bytes(60'000, 1), Qos::AtMostOnce))
            over = true;
        else
            hub.links_->post(more);
    };
    hub.links_->post(more);
    ASSERT_TRUE(hub.wait([&] { return hub.reasons.size() == 1; }));
    EXPECT_THAT(hub.reasons[0], testing::HasSubstr("too slowly"));
    EXPECT_TRUE(over);
}

TEST_F(MqttServerTest, SlowsDownAnAddressAndNotTheOthers) {
    options.accepts_per_second_per_address = 5;
    start();
    int taken = 0;
    for (int count = 0; count < 200; ++count) taken += client().shake_hands() ? 1 : 0;
    EXPECT_GE(taken, 5);
    EXPECT_LT(taken, 100);
    EXPECT_TRUE(client("127.0.0.2").connect("d"));
}

TEST_F(MqttServerTest, HasARoomForSoMany) {
    options.connections_max = 3;
    start();
    std::vector<MqttTestClient> devices;
    for (int count = 0; count < 3; ++count) {
        devices.push_back(client());
        ASSERT_TRUE(devices.back().connect("d"));
    }
    EXPECT_FALSE(client().shake_hands());
    devices.pop_back();
    ASSERT_TRUE(hub.wait([&] { return hub.reasons.size() == 1; }));
    bool in = false;
    for (auto const until = Instant::clock::now() + 10s; !in && Instant::clock::now() < until;)
        in = client().connect("d");
    EXPECT_TRUE(in) << "a place that became free is given again";
}

TEST_F(MqttServerTest, ClosesAtTheTimeThatItIsGiven) {
    start();
    auto device = client();
    ASSERT_TRUE(device.connect("expires"));
    EXPECT_TRUE(device.closed_by_server());
    ASSERT_TRUE(hub.wait([&] { return hub.reasons.size() == 1; }));
    EXPECT_EQ(hub.reasons[0], "expired");
}

TEST_F(MqttServerTest, WakesItsHandler) {
    start();
    hub.links_->post([&] {
        hub.links_->wake_at(Instant::clock::now() + 1h);
        hub.links_->wake_at(Instant::clock::now() + 1ms);
    });
    EXPECT_TRUE(hub.wait([&] { return hub.wakes == 1; }));
}

TEST_F(MqttServerTest, DrainsWhatIsInWork) {
    start();
    auto device = client();
    ASSERT_TRUE(device.connect("d"));
    hub.keep_all();
    ASSERT_TRUE(device.send(message(1, 10)));
    ASSERT_TRUE(hub.wait([&] { return hub.messages == 1; }));
    std::jthread draining([&] { server->drain(5s); });
    hub.finish_kept();
    EXPECT_EQ(device.receive(), Packet(Ack{AckKind::Puback, 1}));
    EXPECT_TRUE(device.closed_by_server());
    draining.join();
    ASSERT_EQ(hub.reasons.size(), 1U);
    EXPECT_EQ(hub.reasons[0], "the hub stops");
    EXPECT_FALSE(client().connected());
}

TEST_F(MqttServerTest, DrainsOnlySoLong) {
    start();
    auto device = client();
    ASSERT_TRUE(device.connect("d"));
    hub.keep_all();
    ASSERT_TRUE(device.send(message(1, 10)));
    ASSERT_TRUE(hub.wait([&] { return hub.messages == 1; }));
    server->drain(10ms);
    EXPECT_TRUE(device.closed_by_server());
}

TEST_F(MqttServerTest, SaysWhichPortCannotBeHad) {
    start();
    options.port = server->port();
    auto second = MqttServer::start(options, tls.identity(), hub, metrics);
    ASSERT_FALSE(second);
    EXPECT_THAT(second.error().message, testing::HasSubstr("listen.mqtt_port"));
}

}  // namespace
}  // namespace ounce::net
