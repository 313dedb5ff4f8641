#include "trap/sift.hpp"

#include <algorithm>

#include "base/file.hpp"
#include "base/parallel.hpp"
#include "trap/event_pass.hpp"
#include "trap/gallery.hpp"
#include "trap/held_out.hpp"
#include "trap/journal.hpp"
#include "trap/report.hpp"
#include "trap/score_pass.hpp"
#include "trap/second_look_pass.hpp"
#include "trap/walk_pass.hpp"

namespace ounce::trap {
namespace {

Result<int> target_index(SiftOptions const& options, Scorer const& scorer) {
    if (!options.target) return -1;
    std::string known;
    for (std::size_t i = 0; i < scorer.tags().size(); ++i) {
        if (scorer.tags()[i].name == *options.target) return static_cast<int>(i);
        known += (known.empty() ? "" : ", ") + scorer.tags()[i].name;
    }
    return fail(Code::InvalidArgument, "--target {}: the model knows no such tag; it knows {}",
                *options.target, known);
}

Status check(SiftOptions const& options) {
    if (!(options.recall > 0 && options.recall < 1))
        return fail(Code::InvalidArgument,
                    "--recall {}: must lie between 0 and 1; nobody can promise all of them", options.recall);
    if (!(options.confidence > 0 && options.confidence < 1))
        return fail(Code::InvalidArgument, "--confidence {}: must lie between 0 and 1", options.confidence);
    if (options.group.burst_gap.count() < 0 || options.group.event_gap < options.group.burst_gap)
        return fail(Code::InvalidArgument, "--event-gap must be at least --burst-gap, and neither below 0");
    return {};
}

/// Where events are cut if no held-out event says better.
double usual_cut(Scorer const& scorer, int target) {
    // The built-in gate on the camera's background, or the animal share of an ImageNet network: even odds
    // there, and a wide margin here, where empties mostly lie below. Not tuned.
    constexpr double kUntrainedScore = 0.3;
    if (scorer.identity().starts_with("untrained")) return kUntrainedScore;
    if (target >= 0) return scorer.tags()[static_cast<std::size_t>(target)].threshold;
    return scorer.gated() || negative_tag(scorer.tags()) >= 0 ? 0.5 : 0;
}

/// Where events are cut into "look" and "set aside", and what may be said of it.
Result<std::pair<Cut, Threshold>> choose_cut(SiftOptions const& options, Scorer const& scorer, int target) {
    auto const usual = usual_cut(scorer, target);
    if (!options.held_out.is_null()) {
        TRY(auto const scores, held_out_scores(options.held_out, scorer.tags(), scorer.exclusive(),
                                               scorer.gated(), options.voting, target));
        auto threshold = choose_threshold(scores, options.recall, options.confidence);
        // Few events that all scored high are no reason to look at less than usual.
        if (!threshold.promised) threshold.score = std::min(threshold.score, usual);
        if (!scores.empty())
            return std::pair(threshold.promised ? Cut::Promised : Cut::TooFewHeldOut, threshold);
    }
    Threshold threshold;
    threshold.score = usual;
    return std::pair(scorer.identity().starts_with("untrained") ? Cut::Untrained : Cut::TagThreshold,
                     threshold);
}

std::string iso_now() {
    auto const now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    return format_time(CameraTime(now.time_since_epoch()), false) + "Z";
}

Status count(Journal& journal, SiftSummary& summary) {
    auto& database = journal.database();
    struct Query {
        std::uint64_t SiftSummary::* member;
        std::string_view sql;
    };
    Query const queries[] = {
        {&SiftSummary::pictures, "SELECT count(*) FROM member"},
        {&SiftSummary::unreadable, "SELECT count(*) FROM picture WHERE state = 2"},
        {&SiftSummary::damaged, "SELECT count(*) FROM picture WHERE state = 1 AND damage <> ''"},
        {&SiftSummary::copies, "SELECT count(*) FROM picture WHERE state = 1 AND copy > 0"},
        {&SiftSummary::doubtful_times, "SELECT count(*) FROM picture WHERE state = 1 AND time_source = 2"},
        {&SiftSummary::cameras, "SELECT count(DISTINCT camera) FROM event"},
        {&SiftSummary::bursts, "SELECT coalesce(sum(bursts), 0) FROM event"},
        {&SiftSummary::events, "SELECT count(*) FROM event"},
        {&SiftSummary::events_to_look_at, "SELECT count(*) FROM event WHERE look = 1"},
        {&SiftSummary::pictures_to_look_at, "SELECT coalesce(sum(pictures), 0) FROM event WHERE look = 1"},
        {&SiftSummary::events_set_aside, "SELECT count(*) FROM event WHERE look = 0"},
        {&SiftSummary::audit_events, "SELECT count(*) FROM event WHERE audit IS NOT NULL"},
    };
    for (auto const& query : queries) {
        TRY(auto const value, database.count(query.sql));
        summary.*query.member = static_cast<std::uint64_t>(value);
    }
    TRY(auto rows, database.query("SELECT flags, count(*) AS n FROM score WHERE flags <> '' GROUP BY flags "
                                  "ORDER BY n DESC LIMIT 20"));
    for (;;) {
        TRY(auto const row, rows.step());
        if (!row) return {};
        summary.flags.emplace_back(rows.text(0), static_cast<std::uint64_t>(rows.integer(1)));
    }
}

/// What `audit` needs to know of the run later.
Status remember(Journal& journal, SiftSummary const& summary, ReportOptions const& report) {
    auto tags = Json::array();
    for (auto const& tag : report.tags) tags.push_back(tag.name);
    TRY_STATUS(journal.set("target", summary.target));
    TRY_STATUS(journal.set("tags", dump_json(tags)));
    return journal.set("negative", std::to_string(report.negative));
}

std::string_view to_string(Cut cut) {
    switch (cut) {
        case Cut::Promised:
            return "promised";
        case Cut::TooFewHeldOut:
            return "too-few-held-out";
        case Cut::TagThreshold:
            return "tag-threshold";
        case Cut::Untrained:
            break;
    }
    return "untrained";
}

std::string describe_cut(SiftSummary const& summary) {
    auto const what = summary.target.empty() ? std::string("animal") : summary.target;
    switch (summary.cut) {
        case Cut::Promised:
            return fmt::format(
                "Threshold {:.3f}, chosen on {} held-out {} events: it keeps {} of them, and with {:.0f} % "
                "confidence at least {:.1f} % of such events (wished: {:.1f} %).",
                summary.threshold.score, summary.threshold.positives, what, summary.threshold.kept,
                100 * summary.confidence, 100 * summary.threshold.recall_at_least,
                100 * summary.wished_recall);
        case Cut::TooFewHeldOut:
            return fmt::format(
                "The wished recall of {:.1f} % cannot be promised: the model has {} held-out {} events, {} "
                "are needed. "
                "Threshold {:.3f} keeps {} of them: with {:.0f} % confidence at least {:.1f} % of such "
                "events. Do the "
                "audit.",
                100 * summary.wished_recall, summary.threshold.positives, what, summary.positives_needed,
                summary.threshold.score, summary.threshold.kept, 100 * summary.confidence,
                100 * summary.threshold.recall_at_least);
        case Cut::TagThreshold:
            return fmt::format(
                "No recall is promised: the model holds no held-out answers. Events are ranked, and cut at "
                "{:.3f}. Do "
                "the audit to know what was missed.",
                summary.threshold.score);
        case Cut::Untrained:
            break;
    }
    return fmt::format(
        "Untrained: events are ranked by how much changed against the camera's other pictures, and cut at "
        "{:.2f}. No recall is "
        "promised; do the audit to know what was missed, or train a model.",
        summary.threshold.score);
}

}  // namespace

Result<SiftSummary> sift(SiftOptions const& options, Scorer const& scorer, ProgressSink const& progress,
                         std::stop_token const& stop) {
    auto const begin = std::chrono::steady_clock::now();
    TRY_STATUS(check(options));
    TRY(auto const target, target_index(options, scorer));
    TRY(auto const cut, choose_cut(options, scorer, target));
    auto const threads = options.threads > 0 ? options.threads : processor_count();
    TRY(auto journal, Journal::open(options.out, options.folder));

    SiftSummary summary;
    TRY(summary.scan, walk_pass(journal, options.folder, options.out, progress, stop));
    TRY_STATUS(place_pass(journal, options.folder, threads, progress, stop));
    auto& database = journal.database();
    TRY(auto const placed, database.count("SELECT count(*) FROM picture"));
    if (placed == 0)
        return fail(Code::NotFound,
                    "{}: no pictures there (JPEG, PNG, BMP, GIF or WebP; {} other files, {} videos)",
                    options.folder.string(), summary.scan.others, summary.scan.videos);
    TRY_STATUS(score_pass(journal, options.folder, scorer, threads, progress, stop));
    TRY_STATUS(second_look_pass(journal, options.folder, scorer, threads, progress, stop));
    EventOptions const events{.group = options.group, .voting = options.voting, .target = target};
    TRY_STATUS(event_pass(journal, scorer, events, stop));
    TRY_STATUS(split_events(journal, cut.second.score, options.audit_events, options.seed));

    summary.cut = cut.first;
    summary.threshold = cut.second;
    summary.target = options.target.value_or("");
    summary.wished_recall = options.recall;
    summary.confidence = options.confidence;
    summary.positives_needed = positives_needed(options.recall, options.confidence);
    summary.method = scorer.description();
    TRY_STATUS(count(journal, summary));

    std::error_code code;
    ReportOptions const report{.folder = std::filesystem::canonical(options.folder, code),
                               .out = options.out,
                               .tags = scorer.tags(),
                               .exclusive = scorer.exclusive(),
                               .negative = negative_tag(scorer.tags()),
                               .method = options.program + ", " + scorer.description(),
                               .zone = options.zone,
                               .now = iso_now()};
    progress({.step = "writing tables", .done = 0, .total = 0});
    TRY_STATUS(write_tables(journal, report));
    TRY_STATUS(write_megadetector(journal, report));
    TRY_STATUS(write_camtrap_dp(journal, report));
    GalleryOptions const gallery{
        .report = report, .target = summary.target, .events_max = options.gallery_events, .threads = threads};
    TRY(summary.gallery, write_gallery(journal, gallery, describe_cut(summary), progress, stop));
    TRY_STATUS(remember(journal, summary, report));
    summary.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return summary;
}

OrderedJson to_json(SiftSummary const& summary) {
    auto flags = OrderedJson::object();
    for (auto const& [flag, pictures] : summary.flags) flags[flag] = pictures;
    return {{"pictures", summary.pictures},
            {"unreadable", summary.unreadable},
            {"damaged", summary.damaged},
            {"copies", summary.copies},
            {"doubtful_times", summary.doubtful_times},
            {"skipped",
             {{"hidden", summary.scan.hidden},
              {"videos", summary.scan.videos},
              {"others", summary.scan.others},
              {"links", summary.scan.links}}},
            {"cameras", summary.cameras},
            {"bursts", summary.bursts},
            {"events", summary.events},
            {"events_to_look_at", summary.events_to_look_at},
            {"pictures_to_look_at", summary.pictures_to_look_at},
            {"events_set_aside", summary.events_set_aside},
            {"audit_events", summary.audit_events},
            {"target", summary.target.empty() ? OrderedJson() : OrderedJson(summary.target)},
            {"method", summary.method},
            {"flags", std::move(flags)},
            {"recall",
             {{"wished", summary.wished_recall},
              {"confidence", summary.confidence},
              {"cut", to_string(summary.cut)},
              {"threshold", summary.threshold.score},
              {"held_out_events", summary.threshold.positives},
              {"held_out_kept", summary.threshold.kept},
              {"held_out_needed", summary.positives_needed},
              {"at_least", summary.threshold.positives > 0 ? OrderedJson(summary.threshold.recall_at_least)
                                                           : OrderedJson()}}},
            {"gallery", summary.gallery.string()},
            {"seconds", summary.seconds}};
}

std::string describe(SiftSummary const& summary) {
    auto text = fmt::format("{} pictures of {} cameras: {} bursts, {} events ({}).\n", summary.pictures,
                            summary.cameras, summary.bursts, summary.events, summary.method);
    auto const note = [&text](std::uint64_t number, std::string_view what) {
        if (number > 0) text += fmt::format("  {} {}\n", number, what);
    };
    note(summary.unreadable, "files could not be read: unreadable.csv says why");
    note(summary.damaged, "files are damaged, what they show was used");
    note(summary.copies, "files are copies of others");
    note(summary.doubtful_times, "pictures carry no time: the file's own was taken, which is doubtful");
    note(summary.scan.videos, "videos were not looked at");
    for (auto const& [flag, pictures] : summary.flags) note(pictures, "pictures: " + flag);
    text += describe_cut(summary) + "\n";
    auto const share = summary.pictures > 0 ? 100.0 * static_cast<double>(summary.pictures_to_look_at) /
                                                  static_cast<double>(summary.pictures)
                                            : 0;
    text +=
        fmt::format("To look at: {} events, {} pictures ({:.1f} % of all). Set aside: {} events",
                    summary.events_to_look_at, summary.pictures_to_look_at, share, summary.events_set_aside);
    if (summary.audit_events > 0)
        text += fmt::format(
            "; {} of them, drawn at random, are the audit: look at them in the gallery, then run\n  ounce "
            "sift audit "
            "{} --answers answers.csv\n",
            summary.audit_events, summary.gallery.parent_path().string());
    else
        text += ".\n";
    return text + "Gallery: " + summary.gallery.string() + "\n";
}

}  // namespace ounce::trap
