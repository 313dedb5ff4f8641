#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include "trap/journal.hpp"
#include "trap/scorer.hpp"

namespace ounce::trap {

/// What the writers of results need to know of the run. See docs/formats/sift.md for the files.
struct ReportOptions {
    std::filesystem::path folder;  // the originals, whole path
    std::filesystem::path out;
    std::vector<ScoredTag> tags;
    bool exclusive = true;
    int negative = -1;
    std::string method;  // who classified: "ounce 0.1.0, package leopard"
    /// The zone of cameras that wrote none; without it they are written as UTC and marked as doubtful.
    std::optional<std::chrono::minutes> zone;
    std::string now;  // of this run, ISO 8601 with zone
};

/// sightings.csv (a line a picture), events.csv (a line an event, best first), unreadable.csv, audit.csv.
Status write_tables(Journal& journal, ReportOptions const& options);
/// megadetector.json: MegaDetector batch results, format 1.6.
Status write_megadetector(Journal& journal, ReportOptions const& options);
/// camtrap-dp/: a Camera Trap Data Package 1.0.2.
Status write_camtrap_dp(Journal& journal, ReportOptions const& options);

/// A number as the tables have it: four digits behind the point.
std::string format_share(double share);

}  // namespace ounce::trap
