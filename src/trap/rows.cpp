#include "trap/rows.hpp"

#include <algorithm>

#include "base/bytes.hpp"
#include "trap/score_pass.hpp"

namespace ounce::trap {
namespace {

constexpr std::string_view kPictures =
    "SELECT p.id, p.path, p.camera, c.name, p.time_ms, p.time_source, p.zone_min, p.format, p.sha256, "
    "p.copy, p.damage, p.width_px, p.height_px, s.probabilities, s.gate, s.box_x, s.box_y, "
    "s.box_width, s.box_height, s.flags, m.burst, m.event, e.name, e.first_ms, e.last_ms, e.tag, "
    "e.probability "
    "FROM picture p JOIN camera c ON c.id = p.camera JOIN score s ON s.picture = p.id "
    "JOIN member m ON m.picture = p.id JOIN event e ON e.id = m.event ";

constexpr std::string_view kEvents =
    "SELECT e.id, e.name, e.camera, c.name, e.first_ms, e.last_ms, e.pictures, e.bursts, e.gate, e.tag, "
    "e.probability, e.score, e.rank, e.look, e.audit, p.path, p.zone_min FROM event e "
    "JOIN camera c ON c.id = e.camera JOIN picture p ON p.id = e.best ";

std::optional<std::chrono::minutes> zone(store::Statement const& row, int column) {
    if (row.is_null(column)) return std::nullopt;
    return std::chrono::minutes(row.integer(column));
}

PictureRow picture(store::Statement const& row) {
    PictureRow picture{
        .id = row.integer(0),
        .path = row.text(1),
        .camera = row.integer(2),
        .camera_name = row.text(3),
        .time = from_ms(row.integer(4)),
        .time_source = static_cast<TimeSource>(std::clamp<std::int64_t>(row.integer(5), 0, 2)),
        .zone = zone(row, 6),
        .format = row.text(7),
        .sha256 = to_hex(row.bytes(8)),
        .copy = row.integer(9),
        .damage = row.text(10),
        .width_px = static_cast<int>(row.integer(11)),
        .height_px = static_cast<int>(row.integer(12)),
        .probabilities = unpack(row.bytes(13)),
        .gate = row.number(14),
        .box = std::nullopt,
        .flags = row.text(19),
        .burst = row.text(20),
        .event = row.integer(21),
        .event_name = row.text(22),
        .event_first = from_ms(row.integer(23)),
        .event_last = from_ms(row.integer(24)),
        .event_tag = static_cast<int>(row.integer(25)),
        .event_probability = row.number(26),
    };
    if (!row.is_null(15))
        picture.box = vision::Box{row.number(15), row.number(16), row.number(17), row.number(18)};
    return picture;
}

EventRow event(store::Statement const& row) {
    EventRow event{
        .id = row.integer(0),
        .name = row.text(1),
        .camera = row.integer(2),
        .camera_name = row.text(3),
        .first = from_ms(row.integer(4)),
        .last = from_ms(row.integer(5)),
        .pictures = static_cast<int>(row.integer(6)),
        .bursts = static_cast<int>(row.integer(7)),
        .gate = row.number(8),
        .tag = static_cast<int>(row.integer(9)),
        .probability = row.number(10),
        .score = row.number(11),
        .rank = row.integer(12),
        .look = row.integer(13) != 0,
        .audit = std::nullopt,
        .best_path = row.text(15),
        .zone = zone(row, 16),
    };
    if (!row.is_null(14)) event.audit = row.integer(14);
    return event;
}

Status each_event(Journal& journal, std::string const& sql,
                  std::function<Status(EventRow const&)> const& take) {
    TRY(auto rows, journal.database().query(sql));
    for (;;) {
        TRY(auto const row, rows.step());
        if (!row) return {};
        TRY_STATUS(take(event(rows)));
    }
}

}  // namespace

Status for_each_picture(Journal& journal, std::function<Status(PictureRow const&)> const& take) {
    // A camera at a time, so that the index gives the order and nothing is sorted on disk.
    std::vector<std::int64_t> cameras;
    TRY(auto list, journal.database().query("SELECT id FROM camera ORDER BY name, id"));
    for (;;) {
        TRY(auto const row, list.step());
        if (!row) break;
        cameras.push_back(list.integer(0));
    }
    for (auto const camera : cameras) {
        TRY(auto rows,
            journal.database().query(
                std::string(kPictures) + "WHERE p.camera = ? AND p.state = 1 ORDER BY p.time_ms, p.path",
                camera));
        for (;;) {
            TRY(auto const row, rows.step());
            if (!row) break;
            TRY_STATUS(take(picture(rows)));
        }
    }
    return {};
}

Result<std::vector<PictureRow>> pictures_of_event(Journal& journal, std::int64_t event_id,
                                                  std::size_t count_max) {
    TRY(auto rows, journal.database().query(
                       std::string(kPictures) + "WHERE m.event = ? ORDER BY p.time_ms, p.path LIMIT ?",
                       event_id, count_max));
    std::vector<PictureRow> pictures;
    for (;;) {
        TRY(auto const row, rows.step());
        if (!row) return pictures;
        pictures.push_back(picture(rows));
    }
}

Status for_each_event(Journal& journal, std::function<Status(EventRow const&)> const& take) {
    return each_event(journal, std::string(kEvents) + "ORDER BY e.rank", take);
}

Result<std::vector<EventRow>> best_events(Journal& journal, std::size_t count_max) {
    TRY(auto rows, journal.database().query(std::string(kEvents) + "WHERE e.look = 1 ORDER BY e.rank LIMIT ?",
                                            count_max));
    std::vector<EventRow> events;
    for (;;) {
        TRY(auto const row, rows.step());
        if (!row) return events;
        events.push_back(event(rows));
    }
}

Status for_each_audit_event(Journal& journal, std::function<Status(EventRow const&)> const& take) {
    return each_event(journal, std::string(kEvents) + "WHERE e.audit IS NOT NULL ORDER BY e.audit", take);
}

Status for_each_unreadable(
    Journal& journal,
    std::function<Status(std::string const&, std::string const&, std::string const&)> const& take) {
    TRY(auto rows, journal.database().query(
                       "SELECT path, error_code, error FROM picture WHERE state = 2 ORDER BY path"));
    for (;;) {
        TRY(auto const row, rows.step());
        if (!row) return {};
        TRY_STATUS(take(rows.text(0), rows.text(1), rows.text(2)));
    }
}

}  // namespace ounce::trap
