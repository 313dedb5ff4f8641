#include "iot/telemetry_table.hpp"

#include <algorithm>
#include <limits>
#include <list>
#include <utility>

#include "ounce_iot_text.hpp"

namespace ounce::iot {
namespace {

constexpr std::size_t kSendersMax = 100'000;  // remembered at a time
constexpr int kQuietMax = 256;
constexpr std::size_t kLookedAtMax = 5'000;  // messages in one step of a reader: about 10 ms
constexpr int kDroppedMax = 1'000;           // messages in one step, of a partition

Time later(Time a, Time b) {
    return std::max(a, b);
}

}  // namespace

Result<std::uint64_t> used_bytes(store::Database& database) {
    TRY(auto const pages, database.count("PRAGMA page_count"));
    TRY(auto const free, database.count("PRAGMA freelist_count"));
    TRY(auto const size, database.count("PRAGMA page_size"));
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, pages - free)) *
           static_cast<std::uint64_t>(size);
}

Status TelemetryTable::prepare(store::Database& database, int partitions) {
    TRY(auto const have, database.count("SELECT value FROM setting WHERE name = 'partitions'"));
    if (have > 0) return {};
    for (int number = 0; number < partitions; ++number)
        TRY_STATUS(database.execute(fmt::format(fmt::runtime(text::message_table_sql), number)));
    return database.run("INSERT INTO setting(name, value) VALUES('partitions', ?)", partitions);
}

void TelemetryTable::forget() {
    loaded_ = false;
    partitions_.clear();
    dirty_.clear();
    senders_.clear();
}

Status TelemetryTable::load(store::Database& database) {
    if (loaded_) return {};
    forget();
    TRY(auto const count, database.count("SELECT value FROM setting WHERE name = 'partitions'"));
    for (int number = 0; number < count; ++number) {
        Partition partition;
        partition.number = number;
        partition.insert = fmt::format(
            "INSERT INTO message_{}(sequence, enqueued, device, module, generation, packet, previous, "
            "properties, body) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
            number);
        partition.select = fmt::format(
            "SELECT sequence, enqueued, device, module, generation, properties, body FROM message_{} "
            "WHERE sequence > ? ORDER BY sequence",
            number);
        partition.at_or_after = fmt::format(
            "SELECT sequence, enqueued FROM message_{} WHERE sequence >= ? ORDER BY sequence LIMIT 1",
            number);
        partition.drop_old =
            fmt::format("DELETE FROM message_{} WHERE sequence < ? AND enqueued < ?", number);
        {
            TRY(auto row,
                database.query(fmt::format(
                    "SELECT sequence, enqueued FROM message_{} ORDER BY sequence DESC LIMIT 1", number)));
            TRY(auto const found, row.step());
            if (found) {
                partition.last_sequence = row.integer(0);
                partition.last_enqueued = from_microseconds(row.integer(1));
            }
        }
        TRY(auto row,
            database.query("SELECT last_sequence, last_enqueued FROM emptied WHERE partition = ?", number));
        TRY(auto const found, row.step());
        if (found) {
            partition.last_sequence = std::max(partition.last_sequence, row.integer(0));
            partition.last_enqueued = later(partition.last_enqueued, from_microseconds(row.integer(1)));
        }
        partitions_.push_back(std::move(partition));
    }
    loaded_ = true;
    return {};
}

auto TelemetryTable::sender(store::Database& database, Name const& name) -> Result<Senders::value_type*> {
    if (auto const known = senders_.find(name); known != senders_.end()) return &*known;
    if (senders_.size() >= kSendersMax) {
        TRY_STATUS(flush(database));
        senders_.clear();
    }
    TRY(auto row, database.query("SELECT last_sequence FROM sender WHERE device = ? AND module = ?",
                                 name.device, name.module));
    TRY(auto const found, row.step());
    Sender sender;
    if (found) sender.last_sequence = row.integer(0);
    return &*senders_.emplace(name, std::move(sender)).first;
}

Status TelemetryTable::load_recent(store::Database& database, Partition const& partition, Sender& sender) {
    auto const sql =
        fmt::format("SELECT enqueued, packet, previous, properties, body FROM message_{} WHERE sequence = ?",
                    partition.number);
    sender.recent.emplace();
    for (auto sequence = sender.last_sequence; sequence > 0 && !sender.recent->full();) {
        TRY(auto row, database.query(sql, sequence));
        TRY(auto const found, row.step());
        if (!found) break;  // dropped by its age
        MessagePlace const place{.partition = partition.number,
                                 .sequence = sequence,
                                 .enqueued = from_microseconds(row.integer(0))};
        auto const packet = static_cast<std::uint16_t>(row.integer(1));
        if (packet != 0) sender.recent->add_older(MessageMark::of(packet, row.text(3), row.bytes(4)), place);
        sequence = row.integer(2);
    }
    return {};
}

Result<MessagePlace> TelemetryTable::append(store::Database& database, Message message,
                                            std::string properties, Time now) {
    TRY_STATUS(load(database));
    auto& partition = partitions_[static_cast<std::size_t>(
        partition_of(message.from.device, static_cast<int>(partitions_.size())))];
    TRY(auto* const entry, sender(database, message.from));
    auto& from = entry->second;
    auto const packet = message.packet_id.value_or(0);
    bool const may_be_there = message.resent && packet != 0;
    if (may_be_there && !from.recent) TRY_STATUS(load_recent(database, partition, from));
    MessageMark mark;
    if (from.recent) mark = MessageMark::of(packet, properties, message.body);
    if (may_be_there)
        if (auto const there = from.recent->find(mark, later(now, partition.last_enqueued))) return *there;

    MessagePlace const place{.partition = partition.number,
                             .sequence = partition.last_sequence + 1,
                             .enqueued = later(now, partition.last_enqueued)};
    TRY_STATUS(database.run(partition.insert, place.sequence, to_microseconds(place.enqueued),
                            std::move(message.from.device), std::move(message.from.module),
                            std::move(message.generation), packet, from.last_sequence, std::move(properties),
                            std::move(message.body)));
    partition.last_sequence = place.sequence;
    partition.last_enqueued = place.enqueued;
    from.last_sequence = place.sequence;
    if (!std::exchange(from.dirty, true)) dirty_.push_back(entry);
    if (from.recent) {
        if (packet != 0) from.recent->add(mark, place);
        from.quiet = message.resent ? 0 : from.quiet + 1;
        if (from.quiet > kQuietMax) from.recent.reset();
    }
    return place;
}

Status TelemetryTable::flush(store::Database& database) {
    for (auto* const entry : dirty_) {
        entry->second.dirty = false;
        TRY_STATUS(
            database.run("INSERT INTO sender(device, module, partition, last_sequence) VALUES(?, ?, ?, ?) "
                         "ON CONFLICT DO UPDATE SET last_sequence = excluded.last_sequence",
                         entry->first.device, entry->first.module,
                         partition_of(entry->first.device, static_cast<int>(partitions_.size())),
                         entry->second.last_sequence));
    }
    dirty_.clear();
    return {};
}

auto TelemetryTable::read(store::Database& database, TelemetryCursor const& cursor,
                          TelemetryFilter const& filter, std::size_t limit) -> Result<Step> {
    TRY_STATUS(load(database));
    if (cursor.after.size() != partitions_.size())
        return fail(Code::InvalidArgument, "the cursor is not one of this hub: begin anew");
    for (auto const& partition : partitions_)
        if (cursor.after[static_cast<std::size_t>(partition.number)] > partition.last_sequence)
            return fail(
                Code::InvalidArgument,
                "the cursor is ahead of this hub's messages, as after a backup was restored: begin anew "
                "from a time, or from the earliest");
    auto only = filter.partition;
    if (filter.device) {
        auto const its = partition_of(*filter.device, static_cast<int>(partitions_.size()));
        if (only && *only != its) return Step{.page = {.messages = {}, .next = cursor}, .at_end = true};
        only = its;
    }

    struct Source {
        store::Statement rows;
        int partition;
        Time enqueued;
    };
    std::list<Source> sources;
    for (auto const& partition : partitions_) {
        if (only && *only != partition.number) continue;
        auto const after = cursor.after[static_cast<std::size_t>(partition.number)];
        if (after >= partition.last_sequence) continue;
        TRY(auto rows, database.query(partition.select, after));
        TRY(auto const more, rows.step());
        if (!more) continue;
        auto const enqueued = from_microseconds(rows.integer(1));
        sources.push_back({std::move(rows), partition.number, enqueued});
    }

    Step step{.page = {.messages = {}, .next = cursor}, .at_end = true};
    std::size_t bytes = 0;
    std::size_t looked_at = 0;
    while (!sources.empty()) {
        if (step.page.messages.size() >= limit || bytes >= TelemetryLog::kPageBytesMax ||
            looked_at++ >= kLookedAtMax) {
            step.at_end = false;
            break;
        }
        auto const oldest =
            std::min_element(sources.begin(), sources.end(),
                             [](Source const& a, Source const& b) { return a.enqueued < b.enqueued; });
        auto& rows = oldest->rows;
        step.page.next.after[static_cast<std::size_t>(oldest->partition)] = rows.integer(0);
        Name from{.device = rows.text(2), .module = rows.text(3)};
        bool const wanted = (!filter.device || *filter.device == from.device) &&
                            (!filter.module || *filter.module == from.module);
        if (wanted) {
            auto properties = wire::parse_property_bag(rows.text(5));
            StoredMessage message{.place = {.partition = oldest->partition,
                                            .sequence = rows.integer(0),
                                            .enqueued = oldest->enqueued},
                                  .from = std::move(from),
                                  .generation = rows.text(4),
                                  .properties = properties ? std::move(*properties) : wire::PropertyBag{},
                                  .body = rows.bytes(6)};
            bytes += message.body.size();
            step.page.messages.push_back(std::move(message));
        }
        TRY(auto const more, rows.step());
        if (more)
            oldest->enqueued = from_microseconds(rows.integer(1));
        else
            sources.erase(oldest);
    }
    return step;
}

Result<TelemetryCursor> TelemetryTable::earliest(store::Database& database) {
    TRY_STATUS(load(database));
    return TelemetryCursor{.after = std::vector<std::int64_t>(partitions_.size(), 0)};
}

Result<TelemetryCursor> TelemetryTable::latest(store::Database& database) {
    TRY_STATUS(load(database));
    TelemetryCursor cursor;
    for (auto const& partition : partitions_) cursor.after.push_back(partition.last_sequence);
    return cursor;
}

Result<TelemetryCursor> TelemetryTable::at(store::Database& database, Time from) {
    TRY_STATUS(load(database));
    TelemetryCursor cursor;
    for (auto const& partition : partitions_) {
        // Times never fall, so halving finds the first message at `from` or later.
        std::int64_t low = 1;
        auto high = partition.last_sequence + 1;
        while (low < high) {
            auto const middle = low + (high - low) / 2;
            TRY(auto row, database.query(partition.at_or_after, middle));
            TRY(auto const found, row.step());
            if (!found || from_microseconds(row.integer(1)) >= from)
                high = middle;
            else
                low = row.integer(0) + 1;
        }
        cursor.after.push_back(low - 1);
    }
    return cursor;
}

Result<std::int64_t> TelemetryTable::first_sequence(store::Database& database, Partition const& partition) {
    TRY(auto row, database.query(partition.at_or_after, 0));
    TRY(auto const found, row.step());
    return found ? row.integer(0) : partition.last_sequence + 1;
}

Result<std::vector<PartitionState>> TelemetryTable::partitions(store::Database& database) {
    TRY_STATUS(load(database));
    std::vector<PartitionState> states;
    for (auto const& partition : partitions_) {
        TRY(auto const first, first_sequence(database, partition));
        states.push_back({.first_sequence = first,
                          .last_sequence = partition.last_sequence,
                          .last_enqueued = partition.last_enqueued});
    }
    return states;
}

Status TelemetryTable::after_drop(store::Database& database, Partition const& partition) {
    TRY_STATUS(database.run(
        "INSERT INTO emptied(partition, last_sequence, last_enqueued) VALUES(?, ?, ?) ON CONFLICT DO UPDATE "
        "SET last_sequence = excluded.last_sequence, last_enqueued = excluded.last_enqueued",
        partition.number, partition.last_sequence, to_microseconds(partition.last_enqueued)));
    TRY(auto const first, first_sequence(database, partition));
    return database.run("DELETE FROM sender WHERE partition = ? AND last_sequence < ?", partition.number,
                        first);
}

/// At most a quarter of each partition, and nothing that is newer than the oldest quarter of any: a partition
/// with few messages does not lose its newest because its first is old.
Result<std::int64_t> TelemetryTable::drop_oldest(store::Database& database) {
    struct Share {
        Partition const* partition;
        std::int64_t end;  // the sequence after its last
    };
    std::vector<Share> shares;
    std::int64_t newest = std::numeric_limits<std::int64_t>::max();
    for (auto const& partition : partitions_) {
        TRY(auto const first, first_sequence(database, partition));
        auto const count = partition.last_sequence - first + 1;
        if (count <= 0) continue;
        auto const end = first + std::min<std::int64_t>(kDroppedMax, count / 4 + 1);
        TRY(auto row, database.query(partition.at_or_after, end - 1));
        TRY(auto const found, row.step());
        if (!found) continue;
        newest = std::min(newest, row.integer(1));
        shares.push_back({&partition, end});
    }
    std::int64_t dropped = 0;
    for (auto const& [partition, end] : shares) {
        TRY_STATUS(database.run(partition->drop_old, end, newest + 1));
        if (database.changes() == 0) continue;
        dropped += database.changes();
        TRY_STATUS(after_drop(database, *partition));
    }
    return dropped;
}

Result<std::int64_t> TelemetryTable::drop(store::Database& database, Time cutoff, std::uint64_t keep_bytes) {
    TRY_STATUS(load(database));
    std::int64_t dropped = 0;
    for (auto const& partition : partitions_) {
        TRY(auto const first, first_sequence(database, partition));
        if (first > partition.last_sequence) continue;
        TRY_STATUS(database.run(partition.drop_old, first + kDroppedMax, to_microseconds(cutoff)));
        if (database.changes() == 0) continue;
        dropped += database.changes();
        TRY_STATUS(after_drop(database, partition));
    }
    TRY(auto const used, used_bytes(database));
    if (used <= keep_bytes) return dropped;
    TRY(auto const more, drop_oldest(database));
    return dropped + more;
}

}  // namespace ounce::iot
