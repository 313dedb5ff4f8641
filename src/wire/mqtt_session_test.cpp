#include "wire/mqtt_session.hpp"

#include <gmock/gmock.h>

namespace ounce::wire::mqtt {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

/// A session and the client at its other end, at a time that the test sets.
class SessionTest : public testing::Test {
  protected:
    void send(Packet const& packet) {
        Bytes bytes;
        encode(packet, bytes);
        session.receive(bytes, now);
    }
    /// All events that are ready.
    std::vector<Event> events() {
        std::vector<Event> all;
        while (auto event = session.next_event()) all.push_back(std::move(*event));
        return all;
    }
    /// The packets that the client would see.
    std::vector<Packet> seen() {
        auto const bytes = session.take_output();
        ByteView input(bytes);
        std::vector<Packet> packets;
        while (!input.empty()) packets.push_back(take_packet(input).value().value());
        return packets;
    }
    void connect(std::uint16_t keep_alive_s = 60) {
        Connect packet;
        packet.client_id = "d";
        packet.keep_alive_s = keep_alive_s;
        send(packet);
        ASSERT_EQ(events().size(), 1U);
        session.accept(false, now);
        ASSERT_THAT(seen(), ElementsAre(Packet(Connack{})));
    }
    void expect_violation(std::string const& reason) {
        auto const all = events();
        ASSERT_EQ(all.size(), 1U);
        ASSERT_TRUE(std::holds_alternative<Violation>(all[0]));
        EXPECT_THAT(std::get<Violation>(all[0]).reason, HasSubstr(reason));
        EXPECT_TRUE(session.closed());
        EXPECT_EQ(session.next_deadline(), std::nullopt);
        EXPECT_FALSE(session.wants_input());
    }
    static Publish telemetry(std::uint16_t packet_id) {
        Publish publish;
        publish.topic = "devices/d/messages/events/";
        publish.qos = packet_id != 0 ? Qos::AtLeastOnce : Qos::AtMostOnce;
        publish.packet_id = packet_id;
        return publish;
    }

    SessionLimits limits;
    Session::Time now = Session::Time(1000h);
    Session session{limits, now};
};

TEST_F(SessionTest, AsksBeforeItAcceptsAConnection) {
    Connect packet;
    packet.client_id = "d";
    packet.user_name = "h/d";
    packet.password = "secret";
    send(packet);
    auto const all = events();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(std::get<Connect>(all[0]), packet);
    EXPECT_FALSE(session.open());
    EXPECT_FALSE(session.wants_input());
    EXPECT_TRUE(seen().empty());
    session.accept(true, now);
    EXPECT_TRUE(session.open());
    EXPECT_THAT(seen(), ElementsAre(Packet(Connack{true, ConnectCode::Accepted})));
}

TEST_F(SessionTest, KeepsWhatFollowsAConnectUntilItIsAccepted) {
    Connect packet;
    packet.client_id = "d";
    send(packet);
    send(telemetry(1));
    EXPECT_EQ(events().size(), 1U);
    session.accept(false, now);
    auto const all = events();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(std::get<Publish>(all[0]).packet_id, 1);
}

TEST_F(SessionTest, ForgetsWhatFollowsARefusedConnect) {
    Connect packet;
    packet.client_id = "d";
    send(packet);
    send(telemetry(1));
    EXPECT_EQ(events().size(), 1U);
    session.refuse(ConnectCode::NotAuthorized);
    EXPECT_TRUE(session.closed());
    EXPECT_TRUE(events().empty());
    EXPECT_THAT(seen(), ElementsAre(Packet(Connack{false, ConnectCode::NotAuthorized})));
}

TEST_F(SessionTest, TellsClientsOfOtherVersionsWhichItSpeaks) {
    session.receive(as_bytes(std::string_view("\x10\x07\x00\x04MQTT\x05", 9)), now);
    expect_violation("level 5");
    EXPECT_THAT(seen(), ElementsAre(Packet(Connack{false, ConnectCode::UnacceptableProtocol})));
}

TEST_F(SessionTest, TakesBytesOneByOne) {
    Connect packet;
    packet.client_id = "d";
    Bytes bytes;
    encode(packet, bytes);
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        EXPECT_TRUE(events().empty());
        session.receive(ByteView(bytes).subspan(at, 1), now);
    }
    EXPECT_EQ(events().size(), 1U);
}

TEST_F(SessionTest, PassesOnWhatAClientAsks) {
    connect();
    send(telemetry(7));
    send(Subscribe{8, {{"$iothub/methods/POST/#", Qos::ExactlyOnce}, {"x", Qos::AtMostOnce}}});
    send(Unsubscribe{9, {"x"}});
    auto const all = events();
    ASSERT_EQ(all.size(), 3U);
    session.puback(std::get<Publish>(all[0]).packet_id);
    session.suback(std::get<Subscribe>(all[1]).packet_id, {2, kSubscriptionRefused});
    session.unsuback(std::get<Unsubscribe>(all[2]).packet_id);
    EXPECT_THAT(seen(), ElementsAre(Packet(Ack{AckKind::Puback, 7}),
                                    Packet(Suback{8, {1, kSubscriptionRefused}}), Packet(Unsuback{9})));
}

TEST_F(SessionTest, AnswersPings) {
    connect();
    send(Pingreq{});
    EXPECT_TRUE(events().empty());
    EXPECT_THAT(seen(), ElementsAre(Packet(Pingresp{})));
}

TEST_F(SessionTest, EndsWithADisconnect) {
    connect();
    send(Disconnect{});
    send(telemetry(1));
    auto const all = events();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_TRUE(std::holds_alternative<Disconnect>(all[0]));
    EXPECT_TRUE(session.closed());
    EXPECT_EQ(session.close_reason(), "");
}

TEST_F(SessionTest, ClosesOnWhatAClientMayNotSend) {
    Connect again;
    again.client_id = "d";
    auto twice = telemetry(1);
    twice.qos = Qos::ExactlyOnce;
    std::vector<std::pair<Packet, std::string>> const cases = {
        {again, "second CONNECT"},          {twice, "QoS 2"},
        {Ack{AckKind::Pubrel, 1}, "QoS 2"}, {Pingresp{}, "only a server"},
        {Connack{}, "only a server"},       {Suback{1, {0}}, "only a server"},
        {Unsuback{1}, "only a server"},
    };
    for (auto const& [packet, reason] : cases) {
        Session fresh(limits, now);
        Bytes bytes;
        encode(again, bytes);
        encode(packet, bytes);
        fresh.receive(bytes, now);
        ASSERT_TRUE(fresh.next_event());
        fresh.accept(false, now);
        auto const event = fresh.next_event();
        ASSERT_TRUE(event && std::holds_alternative<Violation>(*event)) << reason;
        EXPECT_THAT(std::get<Violation>(*event).reason, HasSubstr(reason));
        EXPECT_TRUE(fresh.closed());
        EXPECT_FALSE(fresh.next_event());
    }
}

TEST_F(SessionTest, ClosesWhenTheFirstPacketIsNotConnect) {
    send(Pingreq{});
    expect_violation("not CONNECT");
}

TEST_F(SessionTest, ClosesOnBrokenBytes) {
    connect();
    session.receive(as_bytes("GET / HTTP/1.1\r\n\r\n"), now);
    expect_violation("flags");
}

TEST_F(SessionTest, DoesNotBufferALongConnect) {
    Connect packet;
    packet.client_id = std::string(limits.connect_bytes_max, 'd');
    Bytes bytes;
    encode(packet, bytes);
    session.receive(ByteView(bytes).first(5), now);
    expect_violation("longer than");
}

TEST_F(SessionTest, WaitsForAConnectOnlySoLong) {
    EXPECT_EQ(session.next_deadline(), now + limits.connect_timeout);
    session.receive(as_bytes("\x10"), now + 5s);
    EXPECT_TRUE(events().empty());
    session.advance(now + limits.connect_timeout - 1ms);
    EXPECT_FALSE(session.closed());
    session.advance(now + limits.connect_timeout);
    expect_violation("no CONNECT");
}

TEST_F(SessionTest, HoldsClientsToTheirKeepAlive) {
    struct Case {
        std::uint16_t keep_alive_s;
        std::chrono::milliseconds patience;
    };
    for (auto const& [keep_alive_s, patience] : {Case{1, 1500ms}, Case{180, 270s}, Case{1177, 1765500ms},
                                                 Case{1178, 1767s}, Case{0, 1767s}, Case{65535, 1767s}}) {
        Session fresh(limits, now);
        Connect packet;
        packet.client_id = "d";
        packet.keep_alive_s = keep_alive_s;
        Bytes bytes;
        encode(packet, bytes);
        fresh.receive(bytes, now);
        ASSERT_TRUE(fresh.next_event());
        EXPECT_EQ(fresh.next_deadline(), std::nullopt) << "a CONNECT waits for us, not for the client";
        fresh.accept(false, now + 1s);
        EXPECT_EQ(fresh.next_deadline(), now + 1s + patience) << keep_alive_s;
    }
}

TEST_F(SessionTest, CountsWholePacketsAsSignsOfLife) {
    connect(10);
    now += 10s;
    send(Pingreq{});
    EXPECT_TRUE(events().empty());
    EXPECT_EQ(session.next_deadline(), now + 15s);
    session.receive(as_bytes("\x30"), now + 10s);  // half a packet
    EXPECT_TRUE(events().empty());
    EXPECT_EQ(session.next_deadline(), now + 15s);
    session.advance(now + 15s);
    expect_violation("keep-alive");
}

TEST_F(SessionTest, ExcusesTheSilenceThatIsItsOwners) {
    connect(10);
    session.excuse(now + 10s);
    session.advance(now + 24s);
    EXPECT_TRUE(session.open());
    session.advance(now + 25s);
    expect_violation("keep-alive");
}

TEST_F(SessionTest, PublishesAndCountsWhatIsInFlight) {
    limits.inflight_max = 2;
    connect();
    EXPECT_EQ(*session.publish("a", as_bytes("x"), Qos::AtMostOnce), 0);
    EXPECT_EQ(*session.publish("b", as_bytes("y"), Qos::AtLeastOnce), 1);
    EXPECT_EQ(*session.publish("c", as_bytes("z"), Qos::AtLeastOnce, true), 2);
    EXPECT_EQ(session.publish("d", {}, Qos::AtLeastOnce).error().code, Code::ResourceExhausted);
    EXPECT_TRUE(session.publish("d", {}, Qos::AtMostOnce)) << "QoS 0 needs no place";
    EXPECT_TRUE(session.open());
    auto const packets = seen();
    ASSERT_EQ(packets.size(), 4U);
    EXPECT_EQ(std::get<Publish>(packets[1]).packet_id, 1);
    EXPECT_FALSE(std::get<Publish>(packets[1]).dup);
    EXPECT_TRUE(std::get<Publish>(packets[2]).dup);

    send(Ack{AckKind::Puback, 99});
    send(Ack{AckKind::Puback, 1});
    auto const all = events();
    ASSERT_EQ(all.size(), 1U) << "an id that is not in flight tells nothing";
    EXPECT_EQ(std::get<Acknowledged>(all[0]).packet_id, 1);
    EXPECT_EQ(*session.publish("d", {}, Qos::AtLeastOnce), 3);
}

TEST_F(SessionTest, NeverGivesAnIdTwiceNorZero) {
    connect();
    ASSERT_EQ(*session.publish("keep", {}, Qos::AtLeastOnce), 1);
    for (unsigned count = 2; count < 70000; ++count) {
        auto const id = *session.publish("t", {}, Qos::AtLeastOnce);
        ASSERT_NE(id, 0);
        ASSERT_NE(id, 1);
        session.take_output();
        send(Ack{AckKind::Puback, id});
        ASSERT_EQ(events().size(), 1U);
    }
}

TEST_F(SessionTest, ClosesAClientThatNeverReads) {
    limits.output_bytes_max = 1000;
    connect();
    while (session.publish("t", Bytes(100, 1), Qos::AtMostOnce)) ASSERT_LT(session.output_bytes(), 1200U);
    expect_violation("too slowly");
    EXPECT_EQ(session.publish("t", {}, Qos::AtMostOnce).error().code, Code::Unavailable);
}

TEST_F(SessionTest, ClosesAClientThatPingsAndNeverReads) {
    limits.output_bytes_max = 100;
    connect();
    for (int count = 0; count < 51; ++count) send(Pingreq{});
    expect_violation("too slowly");
    EXPECT_LE(session.output_bytes(), 102U);
}

TEST_F(SessionTest, IsQuietAfterItsEnd) {
    connect();
    session.close("taken over");
    EXPECT_EQ(session.close_reason(), "taken over");
    send(telemetry(1));
    EXPECT_TRUE(events().empty());
    session.puback(1);
    session.advance(now + 24h);
    EXPECT_TRUE(seen().empty());
    EXPECT_EQ(session.close_reason(), "taken over");
}

}  // namespace
}  // namespace ounce::wire::mqtt
