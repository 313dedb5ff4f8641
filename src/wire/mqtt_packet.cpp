#include "wire/mqtt_packet.hpp"

#include <algorithm>
#include <utility>

#include "base/utf8.hpp"

namespace ounce::wire::mqtt {

namespace {

enum class Type : std::uint8_t {
    Connect = 1,
    Connack = 2,
    Publish = 3,
    Puback = 4,
    Pubrec = 5,
    Pubrel = 6,
    Pubcomp = 7,
    Subscribe = 8,
    Suback = 9,
    Unsubscribe = 10,
    Unsuback = 11,
    Pingreq = 12,
    Pingresp = 13,
    Disconnect = 14,
};

// Flags of CONNECT (3.1.2.3).
constexpr unsigned kCleanSession = 0x02;
constexpr unsigned kWill = 0x04;
constexpr unsigned kWillQosShift = 3;
constexpr unsigned kWillRetain = 0x20;
constexpr unsigned kPassword = 0x40;
constexpr unsigned kUserName = 0x80;

// Flags of PUBLISH (3.3.1).
constexpr unsigned kRetain = 0x01;
constexpr unsigned kQosShift = 1;
constexpr unsigned kDup = 0x08;

/// Reads the fields of one packet's body.
class Fields {
  public:
    explicit Fields(ByteView body) : rest_(body) {}

    Result<std::uint8_t> byte() {
        if (rest_.empty()) return short_packet();
        auto const value = rest_.front();
        rest_ = rest_.subspan(1);
        return value;
    }
    Result<std::uint16_t> number() {
        if (rest_.size() < 2) return short_packet();
        auto const value = static_cast<std::uint16_t>(rest_[0] * 256 + rest_[1]);
        rest_ = rest_.subspan(2);
        return value;
    }
    Result<std::uint16_t> packet_id() {
        TRY(auto const id, number());
        if (id == 0) return fail(Code::InvalidArgument, "a packet id is 0");
        return id;
    }
    Result<ByteView> binary() {
        TRY(auto const size, number());
        if (rest_.size() < size) return short_packet();
        auto const value = rest_.first(size);
        rest_ = rest_.subspan(size);
        return value;
    }
    /// A UTF-8 text without U+0000 (1.5.3).
    Result<std::string> text() {
        TRY(auto const bytes, binary());
        std::string value(as_text(bytes));
        if (!is_utf8(value) || value.find('\0') != std::string::npos)
            return fail(Code::InvalidArgument, "a text is not UTF-8, or holds U+0000");
        return value;
    }
    [[nodiscard]] bool empty() const { return rest_.empty(); }
    ByteView take_rest() { return std::exchange(rest_, {}); }

  private:
    static tl::unexpected<Error> short_packet() {
        return fail(Code::InvalidArgument, "a packet is shorter than its fields");
    }
    ByteView rest_;
};

Result<Qos> parse_qos(unsigned value) {
    if (value > 2) return fail(Code::InvalidArgument, "QoS 3 does not exist");
    return static_cast<Qos>(value);
}

/// Topic names have no wildcards and at least one letter (4.7.1, 4.7.3).
Result<std::string> take_topic(Fields& fields) {
    TRY(auto topic, fields.text());
    if (topic.empty()) return fail(Code::InvalidArgument, "a topic is empty");
    if (topic.find_first_of("+#") != std::string::npos)
        return fail(Code::InvalidArgument, "a topic to publish to holds a wildcard");
    return topic;
}

/// '#' stands alone in the last level, '+' alone in any (4.7.1).
Result<std::string> take_filter(Fields& fields) {
    TRY(auto filter, fields.text());
    bool good = !filter.empty();
    for (std::size_t at = 0; at < filter.size(); ++at) {
        if (filter[at] != '#' && filter[at] != '+') continue;
        bool const begins = at == 0 || filter[at - 1] == '/';
        bool const ends = at + 1 == filter.size() || (filter[at] == '+' && filter[at + 1] == '/');
        good = good && begins && ends;
    }
    if (!good) return fail(Code::InvalidArgument, "a topic filter is malformed");
    return filter;
}

Result<Will> take_will(Fields& fields, unsigned flags) {
    Will will;
    TRY(will.topic, take_topic(fields));
    TRY(auto const payload, fields.binary());
    will.payload.assign(payload.begin(), payload.end());
    TRY(will.qos, parse_qos((flags >> kWillQosShift) & 3U));
    will.retain = (flags & kWillRetain) != 0;
    return will;
}

Result<Packet> parse_connect(Fields fields) {
    Connect connect;
    TRY(auto const protocol, fields.text());
    if (protocol != "MQTT" && protocol != "MQIsdp")
        return fail(Code::InvalidArgument, "CONNECT does not name the protocol MQTT");
    TRY(connect.level, fields.byte());
    if (protocol == "MQIsdp" && connect.level == kProtocolLevel) connect.level = 3;  // MQTT 3.1 says 3 anyway
    if (connect.level != kProtocolLevel) return connect;

    TRY(unsigned const flags, fields.byte());
    bool const has_will = (flags & kWill) != 0;
    bool const will_flags = (flags & (kWillRetain | (3U << kWillQosShift))) != 0;
    if ((flags & 1U) != 0 || (!has_will && will_flags) ||
        ((flags & kPassword) != 0 && (flags & kUserName) == 0))
        return fail(Code::InvalidArgument, "the flags of CONNECT contradict each other");
    connect.clean_session = (flags & kCleanSession) != 0;
    TRY(connect.keep_alive_s, fields.number());
    TRY(connect.client_id, fields.text());
    if (has_will) {
        TRY(connect.will, take_will(fields, flags));
    }
    if ((flags & kUserName) != 0) {
        TRY(connect.user_name, fields.text());
    }
    if ((flags & kPassword) != 0) {
        TRY(auto const password, fields.binary());
        connect.password = as_text(password);
    }
    if (!fields.empty()) return fail(Code::InvalidArgument, "CONNECT is longer than its fields");
    return connect;
}

Result<Packet> parse_connack(Fields& fields) {
    TRY(auto const flags, fields.byte());
    TRY(auto const code, fields.byte());
    if (flags > 1 || code > 5 || (flags == 1 && code != 0))
        return fail(Code::InvalidArgument, "CONNACK holds a value that does not exist");
    return Connack{flags == 1, static_cast<ConnectCode>(code)};
}

Result<Packet> parse_publish(Fields& fields, unsigned flags) {
    Publish publish;
    TRY(publish.qos, parse_qos((flags >> kQosShift) & 3U));
    publish.retain = (flags & kRetain) != 0;
    publish.dup = (flags & kDup) != 0;
    if (publish.dup && publish.qos == Qos::AtMostOnce)
        return fail(Code::InvalidArgument, "PUBLISH with QoS 0 cannot be sent again");
    TRY(publish.topic, take_topic(fields));
    if (publish.qos != Qos::AtMostOnce) {
        TRY(publish.packet_id, fields.packet_id());
    }
    auto const payload = fields.take_rest();
    publish.payload.assign(payload.begin(), payload.end());
    return publish;
}

Result<Packet> parse_subscribe(Fields& fields) {
    Subscribe subscribe;
    TRY(subscribe.packet_id, fields.packet_id());
    while (!fields.empty()) {
        if (subscribe.subscriptions.size() == kFiltersMax)
            return fail(Code::ResourceExhausted, "SUBSCRIBE has more than {} filters", kFiltersMax);
        Subscription subscription;
        TRY(subscription.filter, take_filter(fields));
        TRY(auto const qos, fields.byte());
        TRY(subscription.qos, parse_qos(qos));
        subscribe.subscriptions.push_back(std::move(subscription));
    }
    if (subscribe.subscriptions.empty()) return fail(Code::InvalidArgument, "SUBSCRIBE has no filter");
    return subscribe;
}

Result<Packet> parse_suback(Fields& fields) {
    Suback suback;
    TRY(suback.packet_id, fields.packet_id());
    auto const codes = fields.take_rest();
    if (codes.empty() || codes.size() > kFiltersMax || std::any_of(codes.begin(), codes.end(), [](auto code) {
            return code > 2 && code != kSubscriptionRefused;
        }))
        return fail(Code::InvalidArgument, "SUBACK holds a value that does not exist");
    suback.codes.assign(codes.begin(), codes.end());
    return suback;
}

Result<Packet> parse_unsubscribe(Fields& fields) {
    Unsubscribe unsubscribe;
    TRY(unsubscribe.packet_id, fields.packet_id());
    while (!fields.empty()) {
        if (unsubscribe.filters.size() == kFiltersMax)
            return fail(Code::ResourceExhausted, "UNSUBSCRIBE has more than {} filters", kFiltersMax);
        TRY(auto filter, take_filter(fields));
        unsubscribe.filters.push_back(std::move(filter));
    }
    if (unsubscribe.filters.empty()) return fail(Code::InvalidArgument, "UNSUBSCRIBE has no filter");
    return unsubscribe;
}

Result<Packet> parse_fields(Type type, unsigned flags, Fields& fields) {
    switch (type) {
        case Type::Connack:
            return parse_connack(fields);
        case Type::Publish:
            return parse_publish(fields, flags);
        case Type::Puback:
        case Type::Pubrec:
        case Type::Pubrel:
        case Type::Pubcomp: {
            TRY(auto const id, fields.packet_id());
            return Ack{static_cast<AckKind>(type), id};
        }
        case Type::Subscribe:
            return parse_subscribe(fields);
        case Type::Suback:
            return parse_suback(fields);
        case Type::Unsubscribe:
            return parse_unsubscribe(fields);
        case Type::Unsuback: {
            TRY(auto const id, fields.packet_id());
            return Unsuback{id};
        }
        case Type::Pingreq:
            return Pingreq{};
        case Type::Pingresp:
            return Pingresp{};
        case Type::Disconnect:
            return Disconnect{};
        case Type::Connect:
            break;
    }
    return fail(Code::InvalidArgument, "a packet of type {} does not exist", static_cast<unsigned>(type));
}

/// Whether a packet may begin with this byte (2.2.1, 2.2.2).
Status check_first_byte(unsigned first) {
    auto const type = static_cast<Type>(first >> 4U);
    unsigned const flags = first & 15U;
    if (type < Type::Connect || type > Type::Disconnect)
        return fail(Code::InvalidArgument, "a packet of type {} does not exist", first >> 4U);
    bool const asks_back = type == Type::Pubrel || type == Type::Subscribe || type == Type::Unsubscribe;
    if (type != Type::Publish && flags != (asks_back ? 2U : 0U))
        return fail(Code::InvalidArgument, "the flags of a packet of type {} are wrong", first >> 4U);
    return {};
}

Result<Packet> parse_body(std::uint8_t first, ByteView body) {
    auto const type = static_cast<Type>(first >> 4U);
    Fields fields(body);
    if (type == Type::Connect) return parse_connect(fields);
    TRY(auto packet, parse_fields(type, first & 15U, fields));
    if (!fields.empty()) return fail(Code::InvalidArgument, "a packet is longer than its fields");
    return packet;
}

void put_number(std::size_t value, Bytes& out) {
    OUNCE_CHECK(value <= 0xFFFF);
    out.push_back(static_cast<std::uint8_t>(value >> 8U));
    out.push_back(static_cast<std::uint8_t>(value & 0xFFU));
}

void put_text(std::string_view text, Bytes& out) {
    put_number(text.size(), out);
    auto const bytes = as_bytes(text);
    out.insert(out.end(), bytes.begin(), bytes.end());
}

void put_header(Type type, unsigned flags, std::size_t body_bytes, Bytes& out) {
    OUNCE_CHECK(body_bytes < (std::size_t{1} << 28U));
    out.push_back(static_cast<std::uint8_t>((static_cast<unsigned>(type) << 4U) | flags));
    do {
        auto const low = static_cast<unsigned>(body_bytes & 0x7FU);
        body_bytes >>= 7U;
        out.push_back(static_cast<std::uint8_t>(low | (body_bytes != 0 ? 0x80U : 0U)));
    } while (body_bytes != 0);
}

void put_id_packet(Type type, unsigned flags, std::uint16_t id, Bytes& out) {
    put_header(type, flags, 2, out);
    put_number(id, out);
}

void put_publish(std::string_view topic, ByteView payload, Qos qos, std::uint16_t packet_id, unsigned flags,
                 Bytes& out) {
    bool const has_id = qos != Qos::AtMostOnce;
    flags |= static_cast<unsigned>(qos) << kQosShift;
    put_header(Type::Publish, flags, 2 + topic.size() + (has_id ? 2 : 0) + payload.size(), out);
    put_text(topic, out);
    if (has_id) put_number(packet_id, out);
    out.insert(out.end(), payload.begin(), payload.end());
}

/// Appends one packet of each type.
struct Encoder {
    Bytes& out;

    void operator()(Connect const& connect) const {
        unsigned flags = connect.clean_session ? kCleanSession : 0U;
        auto bytes = 10 + 2 + connect.client_id.size();
        if (connect.will) {
            flags |= kWill | (static_cast<unsigned>(connect.will->qos) << kWillQosShift);
            if (connect.will->retain) flags |= kWillRetain;
            bytes += 4 + connect.will->topic.size() + connect.will->payload.size();
        }
        if (connect.user_name) {
            flags |= kUserName;
            bytes += 2 + connect.user_name->size();
        }
        if (connect.password) {
            flags |= kPassword;
            bytes += 2 + connect.password->size();
        }
        put_header(Type::Connect, 0, bytes, out);
        put_text("MQTT", out);
        out.push_back(connect.level);
        out.push_back(static_cast<std::uint8_t>(flags));
        put_number(connect.keep_alive_s, out);
        put_text(connect.client_id, out);
        if (connect.will) {
            put_text(connect.will->topic, out);
            put_text(as_text(connect.will->payload), out);
        }
        if (connect.user_name) put_text(*connect.user_name, out);
        if (connect.password) put_text(*connect.password, out);
    }
    void operator()(Connack const& connack) const {
        put_header(Type::Connack, 0, 2, out);
        out.push_back(connack.session_present ? 1 : 0);
        out.push_back(static_cast<std::uint8_t>(connack.code));
    }
    void operator()(Publish const& publish) const {
        put_publish(publish.topic, publish.payload, publish.qos, publish.packet_id,
                    (publish.dup ? kDup : 0U) | (publish.retain ? kRetain : 0U), out);
    }
    void operator()(Ack const& ack) const {
        put_id_packet(static_cast<Type>(ack.kind), ack.kind == AckKind::Pubrel ? 2 : 0, ack.packet_id, out);
    }
    void operator()(Subscribe const& subscribe) const {
        std::size_t bytes = 2;
        for (auto const& subscription : subscribe.subscriptions) bytes += 3 + subscription.filter.size();
        put_header(Type::Subscribe, 2, bytes, out);
        put_number(subscribe.packet_id, out);
        for (auto const& subscription : subscribe.subscriptions) {
            put_text(subscription.filter, out);
            out.push_back(static_cast<std::uint8_t>(subscription.qos));
        }
    }
    void operator()(Suback const& suback) const {
        put_header(Type::Suback, 0, 2 + suback.codes.size(), out);
        put_number(suback.packet_id, out);
        out.insert(out.end(), suback.codes.begin(), suback.codes.end());
    }
    void operator()(Unsubscribe const& unsubscribe) const {
        std::size_t bytes = 2;
        for (auto const& filter : unsubscribe.filters) bytes += 2 + filter.size();
        put_header(Type::Unsubscribe, 2, bytes, out);
        put_number(unsubscribe.packet_id, out);
        for (auto const& filter : unsubscribe.filters) put_text(filter, out);
    }
    void operator()(Unsuback const& unsuback) const {
        put_id_packet(Type::Unsuback, 0, unsuback.packet_id, out);
    }
    void operator()(Pingreq const&) const { put_header(Type::Pingreq, 0, 0, out); }
    void operator()(Pingresp const&) const { put_header(Type::Pingresp, 0, 0, out); }
    void operator()(Disconnect const&) const { put_header(Type::Disconnect, 0, 0, out); }
};

}  // namespace

Result<std::optional<Packet>> take_packet(ByteView& input, std::size_t bytes_max) {
    // Checked before the rest is here, so that a stranger who speaks something else learns it at once.
    if (input.empty()) return std::nullopt;
    TRY_STATUS(check_first_byte(input[0]));
    // The remaining length: 7 bits a byte, low bits first, at most 4 bytes (2.2.3).
    std::size_t body_bytes = 0;
    std::size_t header_bytes = 1;
    while (true) {
        if (header_bytes > 4)
            return fail(Code::InvalidArgument, "the length of a packet has more than 4 bytes");
        if (input.size() <= header_bytes) return std::nullopt;
        auto const byte = input[header_bytes];
        body_bytes |= static_cast<std::size_t>(byte & 0x7FU) << (7 * (header_bytes - 1));
        ++header_bytes;
        if ((byte & 0x80U) == 0) break;
    }
    if (header_bytes + body_bytes > bytes_max)
        return fail(Code::ResourceExhausted, "a packet of {} bytes is longer than the {} allowed here",
                    header_bytes + body_bytes, bytes_max);
    if (input.size() - header_bytes < body_bytes) return std::nullopt;
    TRY(auto packet, parse_body(input[0], input.subspan(header_bytes, body_bytes)));
    input = input.subspan(header_bytes + body_bytes);
    return packet;
}

void encode(Packet const& packet, Bytes& out) {
    std::visit(Encoder{out}, packet);
}

void encode_publish(std::string_view topic, ByteView payload, Qos qos, std::uint16_t packet_id, bool dup,
                    Bytes& out) {
    put_publish(topic, payload, qos, packet_id, dup ? kDup : 0U, out);
}

}  // namespace ounce::wire::mqtt
