#include "iot/recent_messages.hpp"

#include <algorithm>
#include <functional>

namespace ounce::iot {

MessageMark MessageMark::of(std::uint16_t packet_id, std::string_view properties, ByteView body) {
    std::hash<std::string_view> const hash;
    return {.packet_id = packet_id, .content = hash(properties) * 31 + hash(as_text(body))};
}

void RecentMessages::add(MessageMark mark, MessagePlace place) {
    if (full()) marks_.pop_front();
    marks_.push_back({mark, place});
}

void RecentMessages::add_older(MessageMark mark, MessagePlace place) {
    if (!full()) marks_.push_front({mark, place});
}

std::optional<MessagePlace> RecentMessages::find(MessageMark mark, Time now) const {
    auto const last = std::find_if(marks_.rbegin(), marks_.rend(), [&](Entry const& entry) {
        return entry.mark.packet_id == mark.packet_id;
    });
    if (last == marks_.rend() || last->mark.content != mark.content) return std::nullopt;
    if (now - last->place.enqueued > kAge) return std::nullopt;
    return last->place;
}

}  // namespace ounce::iot
