#include <algorithm>
#include <map>
#include <set>

#include "base/file.hpp"
#include "base/json.hpp"
#include "base/utf8.hpp"
#include "crypto/sha256.hpp"
#include "trap/output_file.hpp"
#include "trap/report.hpp"
#include "trap/rows.hpp"

// Camera Trap Data Package 1.0.2 (https://camtrap-dp.tdwg.org): field names and order, enumerations and
// patterns as its table schemas state them; tests/functional/camtrap_dp.py holds us to them.
namespace ounce::trap {
namespace {

constexpr std::string_view kSchemas = "https://raw.githubusercontent.com/tdwg/camtrap-dp/1.0.2/";

/// A time with its zone and whole seconds, as the schema's format %Y-%m-%dT%H:%M:%S%z has it.
std::string stamp(CameraTime time, std::optional<std::chrono::minutes> own, ReportOptions const& options) {
    return format_time(time, false) + format_zone(own ? own : options.zone);
}

/// "animal", "human", "vehicle", "blank", "unclassified": what a tag is in the package's words.
std::string_view observation_type(ReportOptions const& options, int tag) {
    if (tag < 0) return "unclassified";
    if (tag == options.negative) return "blank";
    std::string lower;
    for (char const c : options.tags[static_cast<std::size_t>(tag)].name)
        lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    for (auto const* const word : {"human", "person", "people", "homo sapiens"})
        if (lower == word) return "human";
    for (auto const* const word : {"vehicle", "car", "truck", "motorbike"})
        if (lower == word) return "vehicle";
    return "animal";
}

/// Whether a tag is written as a scientific name: "Panthera uncia". Others ("leopard") stay a tag of the
/// observation: guessing the species would be wrong in public data.
bool is_scientific(std::string_view tag) {
    auto const letters = [](std::string_view word) {
        return !word.empty() &&
               std::all_of(word.begin(), word.end(), [](char c) { return c >= 'a' && c <= 'z'; });
    };
    auto const space = tag.find(' ');
    if (space == std::string_view::npos || tag.empty() || tag[0] < 'A' || tag[0] > 'Z') return false;
    auto rest = tag.substr(space + 1);
    if (auto const second = rest.find(' '); second != std::string_view::npos)
        if (!letters(rest.substr(second + 1))) return false;
    return letters(tag.substr(1, space - 1)) && letters(rest.substr(0, rest.find(' ')));
}

std::string media_type(std::string_view format) {
    std::string lower;
    for (char const c : format) lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return "image/" + (lower == "jpg" ? "jpeg" : lower);
}

/// The path below the sifted folder. The schema forbids a leading '.', '/' or '~' and ".." anywhere (even in
/// "a..jpg"), and its files are UTF-8; another path is written as an address, with all that escaped.
std::string file_path(ReportOptions const& options, std::string const& path) {
    if (!path.empty() && path[0] != '.' && path[0] != '~' && path[0] != '/' &&
        path.find("..") == std::string::npos && path.find('\n') == std::string::npos && is_utf8(path))
        return path;
    constexpr std::string_view kHex = "0123456789ABCDEF";
    std::string address = "file://";
    for (char const c : (options.folder / path).string()) {
        bool const plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                           c == '/' || c == '-' || c == '_';
        if (plain) {
            address += c;
        } else {
            auto const byte = static_cast<unsigned char>(c);
            address += {'%', kHex[byte >> 4], kHex[byte & 15]};
        }
    }
    return address;
}

/// Unique for each file; equal content at one camera differs by the number of the copy.
std::string media_id(PictureRow const& row) {
    return row.sha256.substr(0, 16) + (row.copy > 0 ? fmt::format("-{}", row.copy) : "");
}

/// The same in every run, in whatever order cameras were met.
std::string deployment_id(std::string_view camera_key) {
    return "camera-" + crypto::sha256_hex(as_bytes(camera_key)).substr(0, 12);
}

/// The package's files are UTF-8, whatever bytes cameras and folders are named with.
Status write_line(OutputFile& file, std::span<std::string const> fields) {
    std::vector<std::string> texts;
    texts.reserve(fields.size());
    for (auto const& field : fields) texts.push_back(to_utf8(field));
    return file.write_csv(texts);
}

/// What the package as a whole spans.
struct Coverage {
    std::string first_day;
    std::string last_day;
    std::set<std::string> scientific_names;
    std::map<std::int64_t, std::string> deployment_ids;  // of each camera
};

Result<Coverage> write_deployments(Journal& journal, ReportOptions const& options,
                                   std::filesystem::path const& folder) {
    TRY(auto file, OutputFile::create(folder / "deployments.csv"));
    std::string const header[] = {"deploymentID",     "locationID",        "locationName",
                                  "latitude",         "longitude",         "coordinateUncertainty",
                                  "deploymentStart",  "deploymentEnd",     "setupBy",
                                  "cameraID",         "cameraModel",       "cameraDelay",
                                  "cameraHeight",     "cameraDepth",       "cameraTilt",
                                  "cameraHeading",    "detectionDistance", "timestampIssues",
                                  "baitUse",          "featureType",       "habitat",
                                  "deploymentGroups", "deploymentTags",    "deploymentComments"};
    TRY_STATUS(file.write_csv(header));
    Coverage coverage;
    TRY(auto rows, journal.database().query(
                       "SELECT c.id, c.name, c.make, c.model, c.serial, min(p.time_ms), max(p.time_ms), "
                       "max(p.time_source), min(p.zone_min), max(p.zone_min), sum(p.zone_min IS NULL), c.key "
                       "FROM camera c "
                       "JOIN picture p ON p.camera = c.id JOIN score s ON s.picture = p.id WHERE p.state = 1 "
                       "GROUP BY c.id ORDER BY c.name, c.id"));
    for (;;) {
        TRY(auto const row, rows.step());
        if (!row) break;
        bool const own_zone = rows.integer(10) == 0 && rows.integer(8) == rows.integer(9);
        auto const zone = own_zone ? std::optional(std::chrono::minutes(rows.integer(8))) : options.zone;
        bool const doubtful =
            (!own_zone && !options.zone) || rows.integer(7) == static_cast<int>(TimeSource::FileTime);
        auto const first = from_ms(rows.integer(5));
        auto const last = from_ms(rows.integer(6));
        auto const make = rows.text(2);
        auto const model = rows.text(3);
        auto const id = deployment_id(rows.text(11));
        coverage.deployment_ids[rows.integer(0)] = id;
        std::string const fields[] = {
            id,
            "",
            rows.text(1),
            "",
            "",
            "",
            stamp(first, zone, options),
            stamp(last, zone, options),
            "",
            rows.text(4).empty() ? rows.text(1) : rows.text(4),
            make.empty() || model.empty() ? make + model : make + "-" + model,
            "",
            "",
            "",
            "",
            "",
            "",
            doubtful ? "true" : "false",
            "",
            "",
            "",
            "",
            "",
            "latitude and longitude: to be filled in; start and end: of the first and "
            "last picture"};
        TRY_STATUS(write_line(file, fields));
        auto const day = format_time(first, false).substr(0, 10);
        auto const last_day = format_time(last, false).substr(0, 10);
        if (coverage.first_day.empty() || day < coverage.first_day) coverage.first_day = day;
        if (last_day > coverage.last_day) coverage.last_day = last_day;
    }
    TRY_STATUS(file.commit());
    return coverage;
}

Status write_media(Journal& journal, ReportOptions const& options, std::filesystem::path const& folder,
                   Coverage const& coverage) {
    TRY(auto file, OutputFile::create(folder / "media.csv"));
    std::string const header[] = {"mediaID",  "deploymentID", "captureMethod", "timestamp",
                                  "filePath", "filePublic",   "fileName",      "fileMediatype",
                                  "exifData", "favorite",     "mediaComments"};
    TRY_STATUS(file.write_csv(header));
    TRY_STATUS(for_each_picture(journal, [&](PictureRow const& row) -> Status {
        auto const slash = row.path.rfind('/');
        std::string const fields[] = {media_id(row),
                                      coverage.deployment_ids.at(row.camera),
                                      "activityDetection",
                                      stamp(row.time, row.zone, options),
                                      file_path(options, row.path),
                                      "false",
                                      slash == std::string::npos ? row.path : row.path.substr(slash + 1),
                                      media_type(row.format),
                                      "",
                                      "",
                                      row.damage.empty() ? "" : "damaged file: " + row.damage};
        return write_line(file, fields);
    }));
    return file.commit();
}

/// One line of observations.csv; what stays empty is left out of the struct.
struct Observation {
    std::string id, deployment, media, event, start, end;
    bool whole_event = false;
    int tag = -1;
    double probability = 0;
    std::optional<vision::Box> box;
    std::string comment;
};

Status write_observation(OutputFile& file, ReportOptions const& options, Observation const& seen,
                         Coverage& coverage) {
    auto const type = observation_type(options, seen.tag);
    std::string scientific;
    std::string tags;
    if (type == "animal") {
        auto const& name = options.tags[static_cast<std::size_t>(seen.tag)].name;
        if (is_scientific(name)) {
            scientific = name;
            coverage.scientific_names.insert(name);
        } else {
            tags = "tag:" + name;
            std::replace(tags.begin(), tags.end(), '|', ' ');  // separates tags in this field
        }
    }
    bool const boxed = seen.box && type != "blank" && seen.box->width > 0 && seen.box->height > 0;
    auto const side = [&](double vision::Box::* which) {
        return boxed ? format_share((*seen.box).*which) : "";
    };
    std::string const fields[] = {seen.id,
                                  seen.deployment,
                                  seen.media,
                                  seen.event,
                                  seen.start,
                                  seen.end,
                                  seen.whole_event ? "event" : "media",
                                  std::string(type),
                                  "",
                                  scientific,
                                  "",
                                  "",
                                  "",
                                  "",
                                  "",
                                  "",
                                  "",
                                  "",
                                  side(&vision::Box::x),
                                  side(&vision::Box::y),
                                  side(&vision::Box::width),
                                  side(&vision::Box::height),
                                  "machine",
                                  options.method,
                                  options.now,
                                  format_share(seen.probability),
                                  tags,
                                  seen.comment};
    return write_line(file, fields);
}

Status write_observations(Journal& journal, ReportOptions const& options, std::filesystem::path const& folder,
                          Coverage& coverage) {
    TRY(auto file, OutputFile::create(folder / "observations.csv"));
    std::string const header[] = {"observationID",
                                  "deploymentID",
                                  "mediaID",
                                  "eventID",
                                  "eventStart",
                                  "eventEnd",
                                  "observationLevel",
                                  "observationType",
                                  "cameraSetupType",
                                  "scientificName",
                                  "count",
                                  "lifeStage",
                                  "sex",
                                  "behavior",
                                  "individualID",
                                  "individualPositionRadius",
                                  "individualPositionAngle",
                                  "individualSpeed",
                                  "bboxX",
                                  "bboxY",
                                  "bboxWidth",
                                  "bboxHeight",
                                  "classificationMethod",
                                  "classifiedBy",
                                  "classificationTimestamp",
                                  "classificationProbability",
                                  "observationTags",
                                  "observationComments"};
    TRY_STATUS(file.write_csv(header));
    TRY_STATUS(for_each_picture(journal, [&](PictureRow const& row) {
        auto const best = std::max_element(row.probabilities.begin(), row.probabilities.end());
        bool const none = best == row.probabilities.end();
        return write_observation(file, options,
                                 {.id = "m-" + media_id(row),
                                  .deployment = coverage.deployment_ids.at(row.camera),
                                  .media = media_id(row),
                                  .event = row.event_name,
                                  .start = stamp(row.event_first, row.zone, options),
                                  .end = stamp(row.event_last, row.zone, options),
                                  .whole_event = false,
                                  .tag = none ? -1 : static_cast<int>(best - row.probabilities.begin()),
                                  .probability = none ? 0 : static_cast<double>(*best),
                                  .box = row.box,
                                  .comment = row.flags},
                                 coverage);
    }));
    TRY_STATUS(for_each_event(journal, [&](EventRow const& row) {
        return write_observation(file, options,
                                 {.id = "e-" + row.name,
                                  .deployment = coverage.deployment_ids.at(row.camera),
                                  .media = "",
                                  .event = row.name,
                                  .start = stamp(row.first, row.zone, options),
                                  .end = stamp(row.last, row.zone, options),
                                  .whole_event = true,
                                  .tag = row.tag,
                                  .probability = row.probability,
                                  .box = std::nullopt,
                                  .comment = ""},
                                 coverage);
    }));
    return file.commit();
}

Status write_package(ReportOptions const& options, std::filesystem::path const& folder,
                     Coverage const& coverage) {
    auto resources = OrderedJson::array();
    for (auto const* const name : {"deployments", "media", "observations"})
        resources.push_back({{"name", name},
                             {"path", fmt::format("{}.csv", name)},
                             {"profile", "tabular-data-resource"},
                             {"format", "csv"},
                             {"mediatype", "text/csv"},
                             {"encoding", "utf-8"},
                             {"schema", fmt::format("{}{}-table-schema.json", kSchemas, name)}});
    auto taxa = OrderedJson::array();
    for (auto const& name : coverage.scientific_names) taxa.push_back({{"scientificName", name}});
    OrderedJson package;
    package["resources"] = std::move(resources);
    package["profile"] = std::string(kSchemas) + "camtrap-dp-profile.json";
    package["name"] = "ounce-sift";
    package["created"] = options.now;
    package["title"] = "Camera-trap pictures sifted by Ounce";
    package["contributors"] = {{{"title", "Ounce (automatic classification)"}, {"role", "contributor"}}};
    package["project"] = {{"title", "Untitled camera-trap project"},
                          {"samplingDesign", "opportunistic"},
                          {"captureMethod", {"activityDetection"}},
                          {"individualAnimals", false},
                          {"observationLevel", {"media", "event"}}};
    package["spatial"] = {{"type", "GeometryCollection"}, {"geometries", OrderedJson::array()}};
    package["temporal"] = {{"start", coverage.first_day}, {"end", coverage.last_day}};
    package["taxonomic"] = std::move(taxa);
    return write_file(folder / "datapackage.json", as_bytes(dump_json(package, 2) + "\n"));
}

}  // namespace

Status write_camtrap_dp(Journal& journal, ReportOptions const& options) {
    auto const folder = options.out / "camtrap-dp";
    TRY_STATUS(make_folder(folder));
    TRY(auto coverage, write_deployments(journal, options, folder));
    TRY_STATUS(write_media(journal, options, folder, coverage));
    TRY_STATUS(write_observations(journal, options, folder, coverage));
    return write_package(options, folder, coverage);
}

}  // namespace ounce::trap
