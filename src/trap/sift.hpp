#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/progress.hpp"
#include "base/result.hpp"
#include "trap/decide.hpp"
#include "trap/group.hpp"
#include "trap/recall.hpp"
#include "trap/scan.hpp"
#include "trap/scorer.hpp"

namespace ounce::trap {

struct SiftOptions {
    std::filesystem::path folder;  // the originals: read, never written to
    std::filesystem::path out;
    GroupOptions group;
    Voting voting = Voting::MeanLogit;
    std::optional<std::string> target;  // the tag that ranks; any animal without it
    double recall = 0.98;               // wished for; 0 < recall < 1
    double confidence = 0.9;            // of the promise
    std::optional<std::chrono::minutes> zone;
    std::uint64_t seed = 1;            // of the audit sample
    std::size_t audit_events = 100;    // in that sample
    std::size_t gallery_events = 500;  // in the gallery
    int threads = 0;                   // 0 = all processors
    /// held-out.json of the package, null if there is none: see held_out.hpp.
    Json held_out;
    std::string program;  // "ounce 0.1.0"
};

/// How the threshold came about.
enum class Cut {
    Promised,       // held-out events back the wished recall
    TooFewHeldOut,  // there were held-out events, too few for the wish: the bound is lower
    TagThreshold,   // no held-out events: the tag's own threshold, nothing is promised
    Untrained,      // no model
};

struct SiftSummary {
    ScanCounts scan;
    std::uint64_t pictures = 0;  // scored
    std::uint64_t unreadable = 0;
    std::uint64_t damaged = 0;
    std::uint64_t copies = 0;
    std::uint64_t doubtful_times = 0;
    std::uint64_t cameras = 0;
    std::uint64_t bursts = 0;
    std::uint64_t events = 0;
    std::uint64_t events_to_look_at = 0;
    std::uint64_t pictures_to_look_at = 0;
    std::uint64_t events_set_aside = 0;
    std::uint64_t audit_events = 0;
    /// Pictures by what the scorer said of its method ("too few frames at this camera"), most first.
    std::vector<std::pair<std::string, std::uint64_t>> flags;
    Cut cut = Cut::Untrained;
    Threshold threshold;
    std::string target;  // "" = any animal
    double wished_recall = 0;
    double confidence = 0;
    std::size_t positives_needed = 0;
    std::string method;
    std::filesystem::path gallery;
    double seconds = 0;
};

/// Sifts a season's cards: every pass goes on where an earlier run in the same `out` was stopped, by a person
/// or by kill -9, and does again only what the changed options need.
/// Errors: InvalidArgument for an option out of range or an unknown target (lists the tags);
/// FailedPrecondition if `out` is of another folder; NotFound if there is no picture at all; Cancelled;
/// ResourceExhausted if the disk is full. Files that cannot be read do not stop it: they are counted.
Result<SiftSummary> sift(SiftOptions const& options, Scorer const& scorer, ProgressSink const& progress,
                         std::stop_token const& stop);

OrderedJson to_json(SiftSummary const& summary);
/// The same for a person, several lines.
std::string describe(SiftSummary const& summary);

}  // namespace ounce::trap
