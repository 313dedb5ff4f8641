#include <algorithm>

#include "trap/decide.hpp"
#include "trap/output_file.hpp"
#include "trap/report.hpp"
#include "trap/rows.hpp"

namespace ounce::trap {
namespace {

std::string tag_name(ReportOptions const& options, int tag) {
    return tag < 0 ? "" : options.tags[static_cast<std::size_t>(tag)].name;
}

std::string joined(std::initializer_list<std::string> parts) {
    std::string text;
    for (auto const& part : parts)
        if (!part.empty()) text += (text.empty() ? "" : "; ") + part;
    return text;
}

Status write_sightings(Journal& journal, ReportOptions const& options) {
    TRY(auto file, OutputFile::create(options.out / "sightings.csv"));
    std::string const header[] = {"path",  "camera",    "time",        "time_source", "burst",
                                  "event", "tag",       "probability", "gate",        "box_x",
                                  "box_y", "box_width", "box_height",  "event_tag",   "event_probability",
                                  "flags"};
    TRY_STATUS(file.write_csv(header));
    TRY_STATUS(for_each_picture(journal, [&](PictureRow const& row) -> Status {
        auto const best = std::max_element(row.probabilities.begin(), row.probabilities.end());
        int const tag =
            best == row.probabilities.end() ? -1 : static_cast<int>(best - row.probabilities.begin());
        auto const box = [&](double vision::Box::* side) {
            return row.box ? format_share((*row.box).*side) : std::string();
        };
        std::string const fields[] = {
            row.path,
            row.camera_name,
            format_time(row.time) + (row.zone ? format_zone(row.zone) : ""),
            std::string(to_string(row.time_source)),
            row.burst,
            row.event_name,
            tag_name(options, tag),
            tag < 0 ? "" : format_share(static_cast<double>(*best)),
            format_share(row.gate),
            box(&vision::Box::x),
            box(&vision::Box::y),
            box(&vision::Box::width),
            box(&vision::Box::height),
            tag_name(options, row.event_tag),
            format_share(row.event_probability),
            joined({row.flags, row.damage.empty() ? "" : "damaged file", row.copy > 0 ? "copy" : "",
                    row.time_source == TimeSource::FileTime ? "doubtful time" : ""})};
        return file.write_csv(fields);
    }));
    return file.commit();
}

Status write_events(Journal& journal, ReportOptions const& options) {
    TRY(auto file, OutputFile::create(options.out / "events.csv"));
    std::string const header[] = {"rank",     "event",  "camera", "start",       "end",
                                  "pictures", "bursts", "tag",    "probability", "certainty",
                                  "gate",     "score",  "look",   "best_picture"};
    TRY_STATUS(file.write_csv(header));
    TRY_STATUS(for_each_event(journal, [&](EventRow const& row) -> Status {
        auto const zone = row.zone ? format_zone(row.zone) : "";
        std::string const fields[] = {std::to_string(row.rank),
                                      row.name,
                                      row.camera_name,
                                      format_time(row.first) + zone,
                                      format_time(row.last) + zone,
                                      std::to_string(row.pictures),
                                      std::to_string(row.bursts),
                                      tag_name(options, row.tag),
                                      format_share(row.probability),
                                      std::string(certainty(row.probability)),
                                      format_share(row.gate),
                                      format_share(row.score),
                                      row.look ? "yes" : "no",
                                      row.best_path};
        return file.write_csv(fields);
    }));
    return file.commit();
}

Status write_unreadable(Journal& journal, ReportOptions const& options) {
    TRY(auto file, OutputFile::create(options.out / "unreadable.csv"));
    std::string const header[] = {"path", "code", "reason"};
    TRY_STATUS(file.write_csv(header));
    TRY_STATUS(for_each_unreadable(
        journal, [&](std::string const& path, std::string const& code, std::string const& reason) -> Status {
            std::string const fields[] = {path, code, reason};
            return file.write_csv(fields);
        }));
    return file.commit();
}

/// The form a person without the gallery fills in: the answer column is theirs.
Status write_audit(Journal& journal, ReportOptions const& options) {
    TRY(auto file, OutputFile::create(options.out / "audit.csv"));
    std::string const header[] = {"event", "answer", "tag", "camera", "start", "pictures", "best_picture"};
    TRY_STATUS(file.write_csv(header));
    TRY_STATUS(for_each_audit_event(journal, [&](EventRow const& row) -> Status {
        std::string const fields[] = {
            row.name,     "", "", row.camera_name, format_time(row.first), std::to_string(row.pictures),
            row.best_path};
        return file.write_csv(fields);
    }));
    return file.commit();
}

}  // namespace

std::string format_share(double share) {
    return fmt::format("{:.4f}", share);
}

Status write_tables(Journal& journal, ReportOptions const& options) {
    TRY_STATUS(write_sightings(journal, options));
    TRY_STATUS(write_events(journal, options));
    TRY_STATUS(write_unreadable(journal, options));
    return write_audit(journal, options);
}

}  // namespace ounce::trap
