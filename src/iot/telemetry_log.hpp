#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/unique_function.hpp"
#include "iot/identity.hpp"
#include "wire/property_bag.hpp"

namespace ounce::iot {

/// The largest body, of one message or of a batch (iothub-auth-mqtt-http.md B2).
inline constexpr std::size_t kMessageBytesMax = 256 * 1024;

/// A message on its way from a device to the hub.
struct Message {
    Name from;
    std::string generation;  // of the identity that sent it
    wire::PropertyBag properties;
    Bytes body;
    /// If it came with QoS 1 over MQTT: its packet id.
    std::optional<std::uint16_t> packet_id;
    /// The client says that it may have sent this before (DUP).
    bool resent = false;
};

/// Where a message lies. Its offset is its sequence number: readers take offsets as opaque text.
struct MessagePlace {
    int partition = 0;
    std::int64_t sequence = 0;
    Time enqueued{};  // never earlier than that of the message before it in its partition
};

struct StoredMessage {
    MessagePlace place;
    Name from;
    std::string generation;
    wire::PropertyBag properties;
    Bytes body;
};

/// How far a reader is: for each partition the last sequence number that it has, 0 for none.
/// As text "1.12-7-0-3" (format, then the numbers), for clients to give back.
struct TelemetryCursor {
    std::vector<std::int64_t> after;

    [[nodiscard]] std::string to_text() const;
    /// Errors: InvalidArgument.
    static Result<TelemetryCursor> parse(std::string_view text);
};

struct TelemetryFilter {
    std::optional<std::string> device;
    std::optional<std::string> module;  // "" for the device itself
    std::optional<int> partition;
};

/// Messages of several partitions in the order of their enqueued times; in order within each partition.
struct TelemetryPage {
    std::vector<StoredMessage> messages;
    TelemetryCursor next;  // where to go on: nothing is missed, nothing comes again
};

struct PartitionState {
    std::int64_t first_sequence = 0;  // of what is still there; last_sequence + 1 if nothing is
    std::int64_t last_sequence = 0;   // 0: there never was a message
    Time last_enqueued{};
};

/// The messages of all devices (`telemetry.db`): partitions with sequence numbers, kept for a time and up to
/// a size, the oldest dropped first; told only once they are on disk. Any thread.
///
/// All messages of a device are in one partition, in the order they came. A clock that goes backwards makes
/// no enqueued time go backwards; one that leaps ahead while the hub runs makes nothing be dropped before its
/// time.
class TelemetryLog {
  public:
    struct Options {
        int partitions = 4;  // 1 to 32; fixed when the file is made
        std::chrono::hours keep_for{24 * 7};
        std::uint64_t keep_bytes = std::uint64_t{8} << 30;  // of the file, what is free in it not counted
        std::uint64_t waiting_bytes_max = std::uint64_t{64} << 20;  // of messages handed in and not on disk
        std::size_t waits_max = 256;                                // long polls at a time
        std::chrono::seconds tidy_every{10};                        // 0: only when tidy() is called
    };
    static constexpr std::size_t kPageMessagesMax = 1000;
    static constexpr std::size_t kPageBytesMax = 4 * 1024 * 1024;  // one message more than that at most

    /// Opens or makes `path`; only its owner may read it. `clock` is borrowed.
    /// Errors: as store::Ledger::open; InvalidArgument for options out of range.
    static Result<std::unique_ptr<TelemetryLog>> open(std::filesystem::path const& path, Clock const& clock,
                                                      Options options);
    TelemetryLog(TelemetryLog const&) = delete;
    TelemetryLog& operator=(TelemetryLog const&) = delete;
    /// Writes what was handed in; waiting readers get what there is.
    ~TelemetryLog();

    /// Hands a message in and returns; `done` is called on the log's thread when it is on disk (or was
    /// already: a resent one is stored once), and must be quick. In the order of calls.
    /// Errors, told to `done`: ResourceExhausted if the disk is full, and for a message over its bounds
    /// ("MessageTooLarge"); Unavailable if too much waits (then `done` is called at once on this thread).
    void append(Message message, UniqueFunction<void(Result<MessagePlace>)> done);
    /// The same, waiting for it; all of them or none.
    Result<std::vector<MessagePlace>> append_all(std::vector<Message> messages);

    /// Cursors to start from. Errors: as store::Database.
    Result<TelemetryCursor> earliest();
    Result<TelemetryCursor> latest();
    /// Before the first message enqueued at `from` or later.
    Result<TelemetryCursor> at(Time from);

    /// Up to `limit` messages (1 to kPageMessagesMax) behind `cursor`; fewer, also none, if there are no
    /// more. Errors: InvalidArgument for a cursor of another log, or of more messages than this one has had.
    Result<TelemetryPage> read(TelemetryCursor const& cursor, TelemetryFilter const& filter,
                               std::size_t limit);

    /// The same, but if there is nothing yet it waits for something, at most `patience` (to a second or so).
    /// `done` is called on the log's thread and must be quick. Errors, told to `done`: as read; Unavailable
    /// if too many wait.
    void read_or_wait(TelemetryCursor cursor, TelemetryFilter filter, std::size_t limit,
                      std::chrono::milliseconds patience, UniqueFunction<void(Result<TelemetryPage>)> done);

    /// Answers all who wait, and lets nobody wait any more: the hub is to stop.
    void release_readers();

    Result<std::vector<PartitionState>> partitions();
    /// Bytes in use. Errors: as store::Database.
    Result<std::uint64_t> used_bytes();

    /// One bounded step of dropping what is too old or too much, and of answering readers whose patience ran
    /// out; the log does this itself every now and then. Gives how many messages went.
    Result<std::int64_t> tidy();

  private:
    struct State;
    explicit TelemetryLog(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// The partition of a device, the same for ever.
int partition_of(std::string_view device, int partitions);

}  // namespace ounce::iot
