#include "api/mqtt_plane.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

#include "base/json.hpp"
#include "base/log.hpp"
#include "iot/identities.hpp"
#include "iot/twins.hpp"

namespace ounce::api {

namespace mqtt = wire::mqtt;
using net::ConnectionId;

namespace {

/// A reported patch may be as long as the section that it changes, and some for what it removes.
constexpr std::size_t kPatchBytesMax = 64 * 1024;
/// Tokens that live longer than this are not watched: the clock of deadlines cannot count so far.
constexpr std::chrono::days kTokenWatchMax{36'500};
constexpr std::chrono::seconds kRefusalLogInterval{1};

std::string_view module_or_dash(iot::Name const& name) {
    return name.module.empty() ? std::string_view("-") : std::string_view(name.module);
}

/// The status of a twin reply, and the number that the vendor's clients look for in its body.
struct TwinError {
    int status;
    int number;
};
TwinError twin_error(Code code) {
    switch (code) {
        case Code::InvalidArgument:
            return {400, 400004};
        case Code::ResourceExhausted:
            return {413, 413001};
        case Code::NotFound:
            return {404, 404001};
        case Code::Unavailable:
            return {429, 429001};
        default:
            return {500, 500001};
    }
}

mqtt::ConnectCode connect_code(Code code) {
    return code == Code::Unauthenticated || code == Code::PermissionDenied
               ? mqtt::ConnectCode::NotAuthorized
               : mqtt::ConnectCode::ServerUnavailable;
}

}  // namespace

/// The way back to the server's thread, for as long as there is one.
struct MqttPlane::Gate {
    /// False, and `work` as it was, if there is none.
    bool post(UniqueFunction<void()>&& work) {
        std::scoped_lock const lock(mutex);
        if (links != nullptr) links->post(std::move(work));
        return links != nullptr;
    }
    std::mutex mutex;
    net::MqttLinks* links = nullptr;
};

/// One connection.
struct MqttPlane::Link {
    iot::Name name;
    std::string generation;
    bool open = false;  // its CONNECT was accepted
    bool clean = true;  // nothing of it is kept
    bool removed = false;
    wire::Feeds feeds;   // subscribed, and told so
    wire::Feeds wanted;  // feeds, and what is on its way to the disk
    std::optional<wire::PropertyBag> will_bag;
    Bytes will_payload;
};

struct MqttPlane::Counts {
    explicit Counts(Metrics& metrics)
        : accepted(connects(metrics, R"(result="accepted")")),
          refused(connects(metrics, R"(result="refused")")),
          taken_over(connects(metrics, R"(result="took_over")")),
          messages(metrics.counter("ounce_mqtt_messages", "Telemetry messages acknowledged over MQTT")),
          failed(
              metrics.counter("ounce_mqtt_messages_failed", "Telemetry messages that the log did not take")),
          seconds(metrics.histogram("ounce_mqtt_append_seconds",
                                    "From a message's arrival to its place on disk")) {}

    static Counter& connects(Metrics& metrics, std::string_view label) {
        return metrics.counter("ounce_mqtt_connects", "CONNECT packets answered", label);
    }

    Counter& accepted;
    Counter& refused;
    Counter& taken_over;
    Counter& messages;
    Counter& failed;
    Histogram& seconds;
};

MqttPlane::MqttPlane(Domain domain)
    : domain_(domain),
      counts_(std::make_unique<Counts>(domain.metrics)),
      gate_(std::make_shared<Gate>()),
      calls_([this](auto const& target, auto rid, auto const& request) {
          return send_method(target, rid, request);
      }) {}

MqttPlane::~MqttPlane() = default;

template <class T, class F>
UniqueFunction<void(Result<T>)> MqttPlane::back(F f) {
    return [gate = gate_, f = std::move(f)](Result<T> result) mutable {
        gate->post([f = std::move(f), result = std::move(result)]() mutable { f(std::move(result)); });
    };
}

void MqttPlane::start(net::MqttLinks& links) {
    links_ = &links;
    std::scoped_lock const lock(gate_->mutex);
    gate_->links = &links;
}

void MqttPlane::stop() {
    {
        std::scoped_lock const lock(gate_->mutex);
        gate_->links = nullptr;
    }
    links_ = nullptr;
    connections_.clear();
    by_name_.clear();
    // Everybody who waits for a device is told.
    calls_.advance(Instant::max());
}

void MqttPlane::handle(ConnectionId id, mqtt::Event event) {
    if (auto* packet = std::get_if<mqtt::Connect>(&event)) return connect(id, std::move(*packet));
    auto* link = find_open(id);
    if (link == nullptr) {
        if (auto const bytes = net::work_bytes(event); bytes > 0) links_->finished(id, bytes);
    } else if (auto* message = std::get_if<mqtt::Publish>(&event)) {
        publish(id, *link, std::move(*message));
    } else if (auto const* asked = std::get_if<mqtt::Subscribe>(&event)) {
        subscribe(id, *link, *asked);
    } else if (auto const* ended = std::get_if<mqtt::Unsubscribe>(&event)) {
        unsubscribe(id, *link, *ended);
    }
}

void MqttPlane::connect(ConnectionId id, mqtt::Connect packet) {
    if (!packet.user_name || !packet.password)
        return refuse(id, mqtt::ConnectCode::NotAuthorized, packet.client_id, "no user name or no password");
    auto const user = wire::parse_user_name(*packet.user_name);
    if (!user)
        return refuse(id, mqtt::ConnectCode::BadUserNameOrPassword, packet.client_id, user.error().message);
    auto const client = wire::parse_client_id(packet.client_id);
    if (!client || *client != user->client)
        return refuse(id, mqtt::ConnectCode::IdentifierRejected, packet.client_id,
                      "the client id and the user name do not name the same device");
    Link link;
    link.name = user->client;
    link.clean = packet.clean_session;
    if (packet.will) {
        auto topic = wire::parse_publish_topic(packet.will->topic, link.name);
        auto* telemetry = topic ? std::get_if<wire::Telemetry>(&*topic) : nullptr;
        if (telemetry == nullptr)
            return refuse(id, mqtt::ConnectCode::NotAuthorized, packet.client_id,
                          "the topic of its will is not its own for messages");
        link.will_bag = std::move(telemetry->bag);
        link.will_payload = std::move(packet.will->payload);
    }
    auto verb = [&keyring = domain_.keyring, token = std::move(*packet.password), name = link.name,
                 clean = link.clean](iot::Work& work) -> Result<iot::DeviceCaller> {
        TRY(auto caller, iot::authenticate_device(work, keyring, token, name));
        if (clean && caller.identity.feeds != 0) {
            TRY_STATUS(iot::keep_feeds(work, name, 0));
            caller.identity.feeds = 0;
        }
        return caller;
    };
    connections_.emplace(id, std::move(link));
    domain_.hub.post<iot::DeviceCaller>(std::move(verb), back<iot::DeviceCaller>([this, id](auto caller) {
                                            authenticated(id, std::move(caller));
                                        }));
}

void MqttPlane::authenticated(ConnectionId id, Result<iot::DeviceCaller> caller) {
    auto const found = connections_.find(id);
    auto* session = links_->find_session(id);
    if (found == connections_.end() || session == nullptr || session->closed()) return;
    auto& link = found->second;
    if (!caller)
        return refuse(id, connect_code(caller.error().code), wire::format_client_id(link.name),
                      caller.error().message);

    auto const now = domain_.clock.now();
    if (auto const before = by_name_.find(link.name); before != by_name_.end()) {
        counts_->taken_over.add();
        if (auto* other = links_->find_session(before->second))
            other->close("another connection of the same name took over");
    }
    by_name_[link.name] = id;
    link.open = true;
    link.generation = caller->identity.generation;
    link.feeds = wire::Feeds::from_bits(caller->identity.feeds);
    link.wanted = link.feeds;
    session->accept(!link.clean && link.feeds.bits() != 0, Instant::clock::now());
    auto const valid_for = caller->expires + crypto::kSasTokenGrace - now;
    if (valid_for < kTokenWatchMax)
        links_->close_at(id, Instant::clock::now() + valid_for, "its token expired");
    domain_.presence.connected(link.name, now);
    counts_->accepted.add();
    log_info(
        "device connected",
        {{"device", link.name.device}, {"module", module_or_dash(link.name)}, {"peer", links_->peer(id)}});
    if (link.feeds.has(wire::Feed::Methods)) {
        calls_.arrived(link.name, Instant::clock::now());
        arm_wake();
    }
}

/// Refusals are one line a second: who guesses keys must not fill the log.
void MqttPlane::refuse(ConnectionId id, mqtt::ConnectCode code, std::string_view who, std::string_view why) {
    counts_->refused.add();
    ++refusals_;
    auto const now = Instant::clock::now();
    if (now - refusal_logged_ >= kRefusalLogInterval) {
        log_warning("device refused", {{"client", who.substr(0, 2 * iot::kIdBytesMax)},
                                       {"why", why},
                                       {"peer", links_->peer(id)},
                                       {"count", std::exchange(refusals_, 0)}});
        refusal_logged_ = now;
    }
    if (auto* session = links_->find_session(id)) session->refuse(code);
}

void MqttPlane::publish(ConnectionId id, Link& link, mqtt::Publish packet) {
    auto const bytes = net::work_bytes(packet);
    auto topic = wire::parse_publish_topic(packet.topic, link.name);
    domain_.presence.active(link.name, domain_.clock.now());
    if (!topic) {
        links_->finished(id, bytes);
        if (auto* session = links_->find_session(id)) session->close("PUBLISH: " + topic.error().message);
    } else if (auto* telemetry = std::get_if<wire::Telemetry>(&*topic)) {
        append(id, link, std::move(telemetry->bag), std::move(packet));
    } else if (auto* get = std::get_if<wire::TwinGet>(&*topic)) {
        get_twin(id, link, std::move(get->rid), packet.packet_id, bytes);
    } else if (auto* patch = std::get_if<wire::TwinPatch>(&*topic)) {
        patch_twin(id, link, std::move(patch->rid), packet);
    } else if (auto const* response = std::get_if<wire::MethodResponse>(&*topic)) {
        calls_.answered(link.name, response->rid, response->status, as_text(packet.payload));
        arm_wake();
        done(id, packet.packet_id, bytes);
    }
}

void MqttPlane::append(ConnectionId id, Link& link, wire::PropertyBag bag, mqtt::Publish packet) {
    auto const bytes = net::work_bytes(packet);
    if (packet.retain) bag.application.push_back({"mqtt-retain", "true"});
    iot::Message message;
    message.from = link.name;
    message.generation = link.generation;
    message.properties = std::move(bag);
    message.body = std::move(packet.payload);
    if (packet.qos == mqtt::Qos::AtLeastOnce) message.packet_id = packet.packet_id;
    message.resent = packet.dup;
    auto told = [this, id, bytes, packet_id = packet.packet_id,
                 arrived = Instant::clock::now()](Result<iot::MessagePlace> place) {
        if (place) {
            counts_->messages.add();
            counts_->seconds.observe(std::chrono::duration<double>(Instant::clock::now() - arrived).count());
            return done(id, packet_id, bytes);
        }
        counts_->failed.add();
        links_->finished(id, bytes);
        if (auto* session = links_->find_session(id))
            session->close("its message was not kept: " + place.error().message);
    };
    domain_.telemetry.append(std::move(message), back<iot::MessagePlace>(std::move(told)));
}

void MqttPlane::get_twin(ConnectionId id, Link& link, std::string rid, std::uint16_t packet_id,
                         std::size_t bytes) {
    auto verb = [name = link.name](iot::Work& work) -> Result<std::string> {
        TRY(auto const twin, iot::get_twin(work, name));
        return dump_json(iot::twin_for_client(twin));
    };
    auto told = [this, id, rid = std::move(rid), packet_id, bytes](Result<std::string> const& body) {
        answer_twin(id, rid, body, {});
        done(id, packet_id, bytes);
    };
    domain_.hub.post<std::string>(std::move(verb), back<std::string>(std::move(told)));
}

void MqttPlane::patch_twin(ConnectionId id, Link& link, std::string rid, mqtt::Publish const& packet) {
    auto const bytes = net::work_bytes(packet);
    auto told = [this, id, rid = std::move(rid), packet_id = packet.packet_id,
                 bytes](Result<std::int64_t> const& version) {
        if (version)
            answer_twin(id, rid, std::string(), *version);
        else
            answer_twin(id, rid, fail(version.error()), {});
        done(id, packet_id, bytes);
    };
    if (packet.payload.size() > kPatchBytesMax)
        return told(fail(Code::ResourceExhausted, "the patch has more than {} bytes", kPatchBytesMax));
    auto patch = parse_json(as_text(packet.payload));
    if (!patch) return told(fail(patch.error()));
    auto verb = [name = link.name, patch = std::move(*patch)](iot::Work& work) {
        return iot::patch_reported(work, name, patch);
    };
    domain_.hub.post<std::int64_t>(std::move(verb), back<std::int64_t>(std::move(told)));
}

void MqttPlane::answer_twin(ConnectionId id, std::string const& rid, Result<std::string> const& body,
                            std::optional<std::int64_t> version) {
    auto const* link = find_open(id);
    auto* session = links_->find_session(id);
    if (link == nullptr || session == nullptr || !link->feeds.has(wire::Feed::TwinResponses)) return;
    if (body) {
        auto const topic = wire::twin_response_topic(version ? 204 : 200, rid, version);
        static_cast<void>(session->publish(topic, as_bytes(*body), mqtt::Qos::AtMostOnce));
        return;
    }
    auto const [status, number] = twin_error(body.error().code);
    Json const error = {{"errorCode", number}, {"message", body.error().message}};
    static_cast<void>(session->publish(wire::twin_response_topic(status, rid), as_bytes(dump_json(error)),
                                       mqtt::Qos::AtMostOnce));
}

void MqttPlane::subscribe(ConnectionId id, Link& link, mqtt::Subscribe const& packet) {
    auto const bytes = net::work_bytes(packet);
    std::vector<std::uint8_t> codes;
    wire::Feeds added;
    for (auto const& [filter, qos] : packet.subscriptions) {
        auto const feed = wire::parse_filter(filter, link.name);
        if (feed) added.add(*feed);
        codes.push_back(feed ? static_cast<std::uint8_t>(qos) : mqtt::kSubscriptionRefused);
    }
    auto told = [this, id, bytes, added, packet_id = packet.packet_id,
                 codes = std::move(codes)](Status const& kept) mutable {
        links_->finished(id, bytes);
        auto* there = find_open(id);
        auto* session = links_->find_session(id);
        if (there == nullptr || session == nullptr) return;
        if (!kept) return session->close("its subscription was not kept: " + kept.error().message);
        there->feeds = wire::Feeds::from_bits(there->feeds.bits() | added.bits());
        session->suback(packet_id, std::move(codes));
        if (!added.has(wire::Feed::Methods)) return;
        calls_.arrived(there->name, Instant::clock::now());
        arm_wake();
    };
    auto const before = link.wanted;
    link.wanted = wire::Feeds::from_bits(before.bits() | added.bits());
    if (link.clean || link.wanted == before) return told({});
    keep(link, std::move(told));
}

void MqttPlane::unsubscribe(ConnectionId id, Link& link, mqtt::Unsubscribe const& packet) {
    auto const bytes = net::work_bytes(packet);
    auto const before = link.wanted;
    for (auto const& filter : packet.filters) {
        auto const feed = wire::parse_filter(filter, link.name);
        if (!feed) continue;  // there was no such subscription; the answer is the same (3.10.4)
        link.wanted.remove(*feed);
        link.feeds.remove(*feed);
    }
    auto told = [this, id, bytes, packet_id = packet.packet_id](Status const& kept) {
        links_->finished(id, bytes);
        auto* session = links_->find_session(id);
        if (session == nullptr) return;
        if (!kept) return session->close("the end of its subscription was not kept: " + kept.error().message);
        session->unsuback(packet_id);
    };
    if (link.clean || link.wanted == before) return told({});
    keep(link, std::move(told));
}

template <class F>
void MqttPlane::keep(Link const& link, F told) {
    // A Status cannot be posted: its value is void.
    auto verb = [name = link.name, bits = link.wanted.bits()](iot::Work& work) -> Result<bool> {
        TRY_STATUS(iot::keep_feeds(work, name, bits));
        return true;
    };
    domain_.hub.post<bool>(std::move(verb), back<bool>([told = std::move(told)](Result<bool> kept) mutable {
                               Status status;
                               if (!kept) status = fail(std::move(kept).error());
                               told(status);
                           }));
}

/// The work on a publish is done, and done well.
void MqttPlane::done(ConnectionId id, std::uint16_t packet_id, std::size_t bytes) {
    links_->finished(id, bytes);
    if (packet_id == 0) return;
    if (auto* session = links_->find_session(id)) session->puback(packet_id);
}

void MqttPlane::closed(ConnectionId id, std::string const& reason) {
    auto const found = connections_.find(id);
    if (found == connections_.end()) return;
    auto link = std::move(found->second);
    connections_.erase(found);
    if (!link.open) return;
    log_info("device disconnected", {{"device", link.name.device},
                                     {"module", module_or_dash(link.name)},
                                     {"reason", reason.empty() ? "it said so" : reason}});
    if (!reason.empty()) publish_will(link);
    auto const current = by_name_.find(link.name);
    if (current == by_name_.end() || current->second != id) return;
    by_name_.erase(current);
    if (link.removed)
        domain_.presence.forget(link.name);
    else
        domain_.presence.disconnected(link.name, domain_.clock.now());
}

void MqttPlane::publish_will(Link& link) {
    if (!link.will_bag || link.removed) return;
    iot::Message message;
    message.from = link.name;
    message.generation = link.generation;
    message.properties = std::move(*link.will_bag);
    message.properties.application.push_back({"iothub-MessageType", "Will"});
    message.body = std::move(link.will_payload);
    domain_.telemetry.append(
        std::move(message), [name = link.name.device](Result<iot::MessagePlace> const& place) {
            if (!place) log_error("will not kept", {{"device", name}, {"why", place.error().message}});
        });
}

void MqttPlane::call_method(iot::Name target, iot::MethodRequest request, iot::MethodDone told) {
    auto const shared = std::make_shared<iot::MethodDone>(std::move(told));
    auto call = [this, target = std::move(target), request = std::move(request), shared]() mutable {
        calls_.call(target, std::move(request), std::move(*shared), Instant::clock::now());
        arm_wake();
    };
    if (!gate_->post(std::move(call))) (*shared)(fail(Code::Unavailable, "the hub is stopping"));
}

bool MqttPlane::send_method(iot::Name const& target, std::string_view rid,
                            iot::MethodRequest const& request) {
    auto const found = by_name_.find(target);
    if (found == by_name_.end()) return false;
    auto const* link = find_open(found->second);
    auto* session = links_->find_session(found->second);
    if (link == nullptr || session == nullptr || !link->feeds.has(wire::Feed::Methods)) return false;
    return session
        ->publish(wire::method_topic(request.method, rid), as_bytes(request.payload), mqtt::Qos::AtMostOnce)
        .has_value();
}

void MqttPlane::changed(iot::Change const& change) {
    // Here and now, in the order of commits: one made anew under that name is not the one forgotten.
    if (auto const* revoked = std::get_if<iot::AccessRevoked>(&change); revoked && revoked->removed)
        domain_.presence.forget(revoked->who);
    gate_->post([this, change] { apply(change); });
}

void MqttPlane::apply(iot::Change const& change) {
    if (auto const* desired = std::get_if<iot::DesiredChanged>(&change)) {
        auto const found = by_name_.find(desired->who);
        if (found == by_name_.end()) return;
        auto const* link = find_open(found->second);
        auto* session = links_->find_session(found->second);
        if (link == nullptr || session == nullptr || !link->feeds.has(wire::Feed::DesiredChanges)) return;
        static_cast<void>(session->publish(wire::desired_topic(desired->version),
                                           as_bytes(dump_json(desired->patch)), mqtt::Qos::AtMostOnce));
        return;
    }
    auto const& revoked = std::get<iot::AccessRevoked>(change);
    for (auto at = by_name_.lower_bound(revoked.who); at != by_name_.end(); ++at) {
        if (at->first.device != revoked.who.device) break;
        if (!revoked.who.module.empty() && at->first.module != revoked.who.module) break;
        if (auto* link = find_open(at->second)) link->removed = revoked.removed;
        if (auto* session = links_->find_session(at->second))
            session->close(revoked.removed ? "it was deleted" : "its access was taken away");
    }
}

void MqttPlane::wake() {
    wake_at_ = Instant::max();
    calls_.advance(Instant::clock::now());
    arm_wake();
}

void MqttPlane::arm_wake() {
    auto const next = calls_.next_deadline();
    if (!next || *next >= wake_at_ || links_ == nullptr) return;
    wake_at_ = *next;
    links_->wake_at(*next);
}

MqttPlane::Link* MqttPlane::find_open(ConnectionId id) {
    auto const found = connections_.find(id);
    return found == connections_.end() || !found->second.open ? nullptr : &found->second;
}

}  // namespace ounce::api
