#include "wire/mqtt_packet.hpp"

#include <gmock/gmock.h>

namespace ounce::wire::mqtt {
namespace {

Bytes operator""_bytes(char const* text, std::size_t size) {
    auto const view = as_bytes(std::string_view(text, size));
    return {view.begin(), view.end()};
}

Bytes encoded(Packet const& packet) {
    Bytes out;
    encode(packet, out);
    return out;
}

Result<std::optional<Packet>> take(Bytes const& bytes) {
    ByteView input(bytes);
    return take_packet(input);
}

Will some_will() {
    return {"devices/d/messages/events/", "gone"_bytes, Qos::AtLeastOnce, true};
}

std::vector<Packet> packets_of_every_kind() {
    Connect plain;
    plain.client_id = "d";
    plain.keep_alive_s = 180;
    Connect full;
    full.client_id = "d/m";
    full.clean_session = false;
    full.will = some_will();
    full.user_name = "h/d/m/?api-version=1";
    full.password =
        "any\xff"
        "bytes";
    Publish zero;
    zero.topic = "t";
    Publish one;
    one.topic = "t/\xc3\xa4";
    one.payload = Bytes(300, 7);
    one.qos = Qos::AtLeastOnce;
    one.packet_id = 65535;
    one.dup = true;
    one.retain = true;
    Publish two = one;
    two.qos = Qos::ExactlyOnce;
    return {plain,
            full,
            Connack{true, ConnectCode::Accepted},
            Connack{false, ConnectCode::NotAuthorized},
            zero,
            one,
            two,
            Ack{AckKind::Puback, 1},
            Ack{AckKind::Pubrec, 2},
            Ack{AckKind::Pubrel, 3},
            Ack{AckKind::Pubcomp, 4},
            Subscribe{5, {{"a/#", Qos::AtLeastOnce}, {"+/b", Qos::ExactlyOnce}}},
            Suback{5, {1, kSubscriptionRefused}},
            Unsubscribe{6, {"a/#", "+"}},
            Unsuback{6},
            Pingreq{},
            Pingresp{},
            Disconnect{}};
}

TEST(MqttPacket, EveryKindComesBackAsItWas) {
    for (auto const& packet : packets_of_every_kind()) {
        auto const result = take(encoded(packet));
        ASSERT_TRUE(result) << result.error().message;
        ASSERT_TRUE(*result);
        EXPECT_EQ(**result, packet) << packet.index();
    }
}

TEST(MqttPacket, IsTakenOnlyWhenItIsWhole) {
    for (auto const& packet : packets_of_every_kind()) {
        auto const bytes = encoded(packet);
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            auto input = ByteView(bytes).first(size);
            auto const result = take_packet(input);
            ASSERT_TRUE(result && !*result) << packet.index() << " cut to " << size;
            EXPECT_EQ(input.size(), size);
        }
    }
}

TEST(MqttPacket, LeavesWhatFollows) {
    Bytes bytes;
    encode(Pingreq{}, bytes);
    encode(Ack{AckKind::Puback, 9}, bytes);
    ByteView input(bytes);
    EXPECT_EQ(**take_packet(input), Packet(Pingreq{}));
    EXPECT_EQ(**take_packet(input), Packet(Ack{AckKind::Puback, 9}));
    EXPECT_TRUE(input.empty());
}

TEST(MqttPacket, MatchesTheBytesOfTheStandard) {
    Connect connect;
    connect.client_id = "a";
    connect.user_name = "u";
    connect.password = "p";
    connect.keep_alive_s = 10;
    EXPECT_EQ(encoded(connect),
              "\x10\x13\x00\x04MQTT\x04\xc2\x00\x0a\x00\x01"
              "a\x00\x01u\x00\x01p"_bytes);
    EXPECT_EQ(encoded(Subscribe{10, {{"a/b", Qos::AtLeastOnce}}}),
              "\x82\x08\x00\x0a\x00\x03"
              "a/b\x01"_bytes);
    Bytes publish;
    encode_publish("t", as_bytes("x"), Qos::AtLeastOnce, 2, true, publish);
    EXPECT_EQ(publish, "\x3a\x06\x00\x01t\x00\x02x"_bytes);
}

TEST(MqttPacket, WritesLengthsOfOneToFourBytes) {
    for (std::size_t const size : {0U, 124U, 125U, 16380U, 16381U, 2097148U, 2097149U}) {
        Publish publish;
        publish.topic = "t";
        publish.payload = Bytes(size, 1);
        auto const bytes = encoded(publish);
        ByteView input(bytes);
        auto const result = take_packet(input, std::size_t{1} << 28U);
        ASSERT_TRUE(result && *result) << size;
        EXPECT_EQ(std::get<Publish>(**result).payload.size(), size);
    }
}

TEST(MqttPacket, RecognisesOtherLevelsWithoutReadingOn) {
    for (auto const& [bytes, level] : std::vector<std::pair<Bytes, int>>{
             {"\x10\x09\x00\x04MQTT\x05\xff\xff"_bytes, 5},
             {"\x10\x09\x00\x06MQIsdp\x03"_bytes, 3},
             {"\x10\x07\x00\x04MQTT\x00"_bytes, 0},
         }) {
        auto const result = take(bytes);
        ASSERT_TRUE(result && *result) << level;
        EXPECT_EQ(std::get<Connect>(**result).level, level);
    }
}

TEST(MqttPacket, RefusesWhatTheStandardForbids) {
    std::vector<std::pair<char const*, Bytes>> const cases = {
        {"type 0", "\x00\x00"_bytes},
        {"type 15", "\xf0\x00"_bytes},
        {"five length bytes", "\x30\x80\x80\x80\x80\x01"_bytes},
        {"flags of CONNECT",
         "\x11\x0d\x00\x04MQTT\x04\x02\x00\x00\x00\x01"
         "a"_bytes},
        {"flags of PUBACK", "\x42\x02\x00\x01"_bytes},
        {"flags of PUBREL", "\x60\x02\x00\x01"_bytes},
        {"flags of SUBSCRIBE",
         "\x80\x06\x00\x01\x00\x01"
         "a\x00"_bytes},
        {"flags of PINGREQ", "\xc1\x00"_bytes},
        {"PINGREQ with a body", "\xc0\x01\x00"_bytes},
        {"no protocol", "\x10\x02\x00\x00"_bytes},
        {"protocol in other letters",
         "\x10\x0d\x00\x04mqtt\x04\x02\x00\x00\x00\x01"
         "a"_bytes},
        {"reserved flag",
         "\x10\x0d\x00\x04MQTT\x04\x03\x00\x00\x00\x01"
         "a"_bytes},
        {"password without user",
         "\x10\x10\x00\x04MQTT\x04\x42\x00\x00\x00\x01"
         "a\x00\x01p"_bytes},
        {"will QoS without will",
         "\x10\x0d\x00\x04MQTT\x04\x0a\x00\x00\x00\x01"
         "a"_bytes},
        {"will QoS 3",
         "\x10\x13\x00\x04MQTT\x04\x1e\x00\x00\x00\x01"
         "a\x00\x01t\x00\x01p"_bytes},
        {"CONNECT too long",
         "\x10\x0e\x00\x04MQTT\x04\x02\x00\x00\x00\x01"
         "ab"_bytes},
        {"CONNECT too short", "\x10\x0c\x00\x04MQTT\x04\x02\x00\x00\x00\x01"_bytes},
        {"client id not UTF-8", "\x10\x0d\x00\x04MQTT\x04\x02\x00\x00\x00\x01\xff"_bytes},
        {"CONNACK flags", "\x20\x02\x02\x00"_bytes},
        {"CONNACK code", "\x20\x02\x00\x06"_bytes},
        {"session present and refused", "\x20\x02\x01\x05"_bytes},
        {"QoS 3", "\x36\x05\x00\x01t\x00\x01"_bytes},
        {"DUP with QoS 0", "\x38\x03\x00\x01t"_bytes},
        {"empty topic", "\x30\x02\x00\x00"_bytes},
        {"wildcard in a topic", "\x30\x03\x00\x01+"_bytes},
        {"U+0000 in a topic", "\x30\x03\x00\x01\x00"_bytes},
        {"surrogate in a topic", "\x30\x05\x00\x03\xed\xa0\x80"_bytes},
        {"packet id 0", "\x32\x05\x00\x01t\x00\x00"_bytes},
        {"no packet id", "\x32\x03\x00\x01t"_bytes},
        {"PUBACK of id 0", "\x40\x02\x00\x00"_bytes},
        {"PUBACK too long", "\x40\x03\x00\x01\x00"_bytes},
        {"SUBSCRIBE to nothing", "\x82\x02\x00\x01"_bytes},
        {"SUBSCRIBE with QoS 3",
         "\x82\x06\x00\x01\x00\x01"
         "a\x03"_bytes},
        {"SUBSCRIBE without QoS",
         "\x82\x05\x00\x01\x00\x01"
         "a"_bytes},
        {"empty filter", "\x82\x05\x00\x01\x00\x00\x00"_bytes},
        {"# in the middle", "\x82\x08\x00\x01\x00\x03#/a\x00"_bytes},
        {"# beside a letter",
         "\x82\x07\x00\x01\x00\x02"
         "a#\x00"_bytes},
        {"+ beside a letter", "\x82\x07\x00\x01\x00\x02+a\x00"_bytes},
        {"SUBACK of nothing", "\x90\x02\x00\x01"_bytes},
        {"SUBACK code", "\x90\x03\x00\x01\x03"_bytes},
        {"UNSUBSCRIBE from nothing", "\xa2\x02\x00\x01"_bytes},
    };
    for (auto const& [name, bytes] : cases) {
        auto const result = take(bytes);
        ASSERT_FALSE(result) << name;
        EXPECT_EQ(result.error().code, Code::InvalidArgument) << name;
    }
}

TEST(MqttPacket, IsBoundedByWhatItSaysOfItsLength) {
    Bytes const says_too_much = "\x30\xff\xff\xff\x7f"_bytes;
    EXPECT_EQ(take(says_too_much).error().code, Code::ResourceExhausted);
    auto const puback = encoded(Ack{AckKind::Puback, 1});
    ByteView input(puback);
    EXPECT_EQ(take_packet(input, 3).error().code, Code::ResourceExhausted);
    EXPECT_TRUE(take_packet(input, 4));
}

TEST(MqttPacket, BoundsTheFiltersOfOnePacket) {
    Subscribe subscribe{1, std::vector<Subscription>(kFiltersMax, {"a", Qos::AtMostOnce})};
    EXPECT_TRUE(take(encoded(subscribe)));
    subscribe.subscriptions.push_back({"a", Qos::AtMostOnce});
    EXPECT_EQ(take(encoded(subscribe)).error().code, Code::ResourceExhausted);
    Unsubscribe unsubscribe{1, std::vector<std::string>(kFiltersMax, "a")};
    EXPECT_TRUE(take(encoded(unsubscribe)));
    unsubscribe.filters.emplace_back("a");
    EXPECT_EQ(take(encoded(unsubscribe)).error().code, Code::ResourceExhausted);
}

}  // namespace
}  // namespace ounce::wire::mqtt
