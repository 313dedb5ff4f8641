#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "iot/recent_messages.hpp"
#include "iot/telemetry_log.hpp"
#include "store/database.hpp"

namespace ounce::iot {

/// The partitions of a TelemetryLog inside its database, and what is remembered of them between transactions.
/// One thread: the ledger's.
///
/// After a transaction was not kept, forget() must be called: what is remembered is then read anew.
class TelemetryTable {
  public:
    static constexpr int kPartitionsMax = 32;

    /// Makes the partitions if the file is new; else keeps those that it has.
    static Status prepare(store::Database& database, int partitions);

    /// Stores a message, or finds that it is there. `properties` is its bag as text. flush() must follow in
    /// the same transaction.
    Result<MessagePlace> append(store::Database& database, Message message, std::string properties, Time now);
    /// Writes what append() remembered.
    Status flush(store::Database& database);

    struct Step {
        TelemetryPage page;
        bool at_end = true;  // false: there may be more; a bounded number of messages was looked at
    };
    Result<Step> read(store::Database& database, TelemetryCursor const& cursor, TelemetryFilter const& filter,
                      std::size_t limit);

    Result<TelemetryCursor> earliest(store::Database& database);
    Result<TelemetryCursor> latest(store::Database& database);
    Result<TelemetryCursor> at(store::Database& database, Time from);
    Result<std::vector<PartitionState>> partitions(store::Database& database);

    /// Drops a bounded number of messages that were enqueued before `cutoff`, or while more than `keep_bytes`
    /// are in use. Gives how many.
    Result<std::int64_t> drop(store::Database& database, Time cutoff, std::uint64_t keep_bytes);

    void forget();

  private:
    struct Partition {
        int number = 0;
        std::int64_t last_sequence = 0;
        Time last_enqueued{};
        std::string insert;  // statements for its table
        std::string select;
        std::string at_or_after;
        std::string drop_old;
    };
    struct Sender {
        std::int64_t last_sequence = 0;
        bool dirty = false;
        std::optional<RecentMessages> recent;  // once it resent something
        int quiet = 0;                         // messages since then that were not resent
    };
    struct Hash {
        std::size_t operator()(Name const& name) const {
            return std::hash<std::string>{}(name.device) * 31 + std::hash<std::string>{}(name.module);
        }
    };
    using Senders = std::unordered_map<Name, Sender, Hash>;

    Status load(store::Database& database);
    Result<Senders::value_type*> sender(store::Database& database, Name const& name);
    Status load_recent(store::Database& database, Partition const& partition, Sender& sender);
    Result<std::int64_t> first_sequence(store::Database& database, Partition const& partition);
    Result<std::int64_t> drop_oldest(store::Database& database);
    /// Keeps what a partition gave out, and forgets senders of which nothing is left.
    Status after_drop(store::Database& database, Partition const& partition);

    bool loaded_ = false;
    std::vector<Partition> partitions_;
    Senders senders_;
    std::vector<Senders::value_type*> dirty_;  // pointers into a map that does not move its elements
};

/// Bytes of the database in use, what is free in it not counted.
Result<std::uint64_t> used_bytes(store::Database& database);

}  // namespace ounce::iot
