#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>

#include "base/bytes.hpp"
#include "iot/telemetry_log.hpp"

namespace ounce::iot {

/// What tells a message apart from others of its sender: its packet id and what it holds. The hash is this
/// process's own, not to be stored.
struct MessageMark {
    std::uint16_t packet_id = 0;
    std::size_t content = 0;

    static MessageMark of(std::uint16_t packet_id, std::string_view properties, ByteView body);
};

/// The last messages of one sender, to find out whether a resent one is there already. A value.
///
/// The last message with the same packet id decides: clients use an id again only after it was acknowledged,
/// so one that holds something else, or is older than kAge, means that this one is new.
class RecentMessages {
  public:
    static constexpr std::size_t kCountMax = 256;  // more than clients have on their way at a time
    static constexpr std::chrono::hours kAge{24};

    /// Messages from the oldest to the newest.
    void add(MessageMark mark, MessagePlace place);
    /// The same from the newest to the oldest, before the first add().
    void add_older(MessageMark mark, MessagePlace place);
    [[nodiscard]] bool full() const { return marks_.size() >= kCountMax; }

    /// Where the message lies that `mark` is of, if it is there already.
    [[nodiscard]] std::optional<MessagePlace> find(MessageMark mark, Time now) const;

  private:
    struct Entry {
        MessageMark mark;
        MessagePlace place;
    };
    std::deque<Entry> marks_;
};

}  // namespace ounce::iot
