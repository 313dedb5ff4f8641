#include "trap/audit.hpp"

#include <algorithm>
#include <map>

#include "base/csv.hpp"
#include "trap/journal.hpp"

namespace ounce::trap {
namespace {

std::string lowered(std::string_view text) {
    std::string lower;
    for (char const c : text)
        if (c != ' ' && c != '\t') lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return lower;
}

}  // namespace

Result<std::vector<Answer>> parse_answers(std::string_view csv) {
    TRY(auto const table, parse_csv(csv));
    auto const event = table.find_column("event");
    auto const answer = table.find_column("answer");
    auto const tag = table.find_column("tag");
    if (event < 0 || answer < 0)
        return fail(Code::InvalidArgument, "the answers need the columns 'event' and 'answer'");
    std::map<std::string, Answer> answers;
    std::size_t line = 1;
    for (auto const& row : table.rows) {
        ++line;
        auto const said = lowered(row[static_cast<std::size_t>(answer)]);
        if (said.empty()) continue;
        Answer one{.event = row[static_cast<std::size_t>(event)],
                   .tag = tag < 0 ? "" : row[static_cast<std::size_t>(tag)]};
        if (said == "yes" || said == "y") {
            one.said = Answer::Said::Yes;
        } else if (said == "no" || said == "n") {
            one.said = Answer::Said::No;
        } else if (said == "other" && !one.tag.empty()) {
            one.said = Answer::Said::Other;
        } else {
            return fail(Code::InvalidArgument, "line {}: answer '{}': write yes, no, or other with a tag",
                        line, row[static_cast<std::size_t>(answer)]);
        }
        answers.insert_or_assign(one.event, one);
    }
    std::vector<Answer> list;
    for (auto& [name, one] : answers) list.push_back(std::move(one));
    return list;
}

bool shows_target(Answer const& answer, std::string_view target, std::string_view negative) {
    if (answer.said == Answer::Said::No) return false;
    if (answer.tag.empty()) return true;
    if (!target.empty()) return answer.tag == target;
    return answer.tag != negative;
}

Result<AuditReport> audit(std::filesystem::path const& out, std::vector<Answer> const& answers,
                          double confidence) {
    if (!(confidence > 0 && confidence < 1))
        return fail(Code::InvalidArgument, "--confidence {}: must lie between 0 and 1", confidence);
    TRY(auto journal, Journal::open_existing(out));
    auto& database = journal.database();
    AuditReport report;
    TRY(auto const target, journal.find_setting("target"));
    TRY(auto const tags, journal.find_setting("tags"));
    TRY(auto const negative_index, journal.find_setting("negative"));
    if (!target || !tags || !negative_index)
        return fail(Code::FailedPrecondition,
                    "{}: the sifting did not come to its end; run 'ounce sift' again", out.string());
    report.target = *target;
    TRY(auto const names, parse_json(*tags));
    std::string negative;
    for (std::size_t i = 0; i < names.size(); ++i)
        if (std::to_string(i) == *negative_index && names[i].is_string())
            negative = names[i].get<std::string>();

    TRY(auto const discarded, database.count("SELECT count(*) FROM event WHERE look = 0"));
    TRY(auto const sample, database.count("SELECT count(*) FROM event WHERE audit IS NOT NULL"));
    TRY(auto const looked, database.count("SELECT count(*) FROM event WHERE look = 1"));
    if (discarded > 0 && sample == 0)
        return fail(Code::FailedPrecondition,
                    "{}: no audit sample was drawn; run 'ounce sift' with --audit above 0", out.string());
    std::uint64_t answered = 0;
    std::uint64_t looked_answered = 0;
    std::uint64_t misses = 0;
    for (auto const& answer : answers) {
        TRY(auto row,
            database.query("SELECT look, audit IS NOT NULL FROM event WHERE name = ?", answer.event));
        TRY(auto const known, row.step());
        if (!known) {
            ++report.unknown;
            continue;
        }
        bool const there = shows_target(answer, report.target, negative);
        if (row.integer(0) != 0) {
            ++looked_answered;
            report.confirmed += there ? 1 : 0;
        } else if (row.integer(1) != 0) {
            ++answered;
            misses += there ? 1 : 0;
            if (there) report.missed_events.push_back(answer.event);
        }
    }
    if (sample > 0 && answered == 0)
        return fail(Code::FailedPrecondition, "none of the {} events of the audit sample is answered",
                    sample);
    report.unanswered = static_cast<std::uint64_t>(sample) - answered;
    report.looked_unanswered = static_cast<std::uint64_t>(looked) - looked_answered;
    report.found = static_cast<double>(report.confirmed);
    if (report.looked_unanswered > 0) {
        report.found_is_estimate = true;
        TRY(auto sum, database.query("SELECT coalesce(sum(score), 0) FROM event WHERE look = 1"));
        TRY(auto const row, sum.step());
        if (row) report.found = std::max(report.found, sum.number(0));
    }
    report.bound = audit_bound(static_cast<std::uint64_t>(sample), misses + report.unanswered,
                               static_cast<std::uint64_t>(discarded), report.found, confidence);
    return report;
}

OrderedJson to_json(AuditReport const& report) {
    return {{"target", report.target.empty() ? OrderedJson() : OrderedJson(report.target)},
            {"sample", report.bound.sample},
            {"misses", report.bound.misses},
            {"unanswered", report.unanswered},
            {"unknown_events", report.unknown},
            {"discarded", report.bound.discarded},
            {"confidence", report.bound.confidence},
            {"miss_share_at_most", report.bound.miss_share_at_most},
            {"missed_events_at_most", report.bound.missed_events_at_most},
            {"found", report.found},
            {"found_is_estimate", report.found_is_estimate},
            {"recall_at_least", report.bound.recall_at_least},
            {"missed_events", report.missed_events}};
}

std::string describe(AuditReport const& report) {
    auto const what = report.target.empty() ? std::string("animal") : report.target;
    auto const& bound = report.bound;
    if (bound.discarded == 0) return "Nothing was set aside: nothing can have been missed.\n";
    auto text = fmt::format("{} of the {} events in the sample showed {} ({} set aside in all).\n",
                            bound.misses - report.unanswered, bound.sample, what, bound.discarded);
    if (report.unanswered > 0)
        text += fmt::format(
            "{} of the sample are not answered; each is counted as missed. Answer them for a better "
            "bound.\n",
            report.unanswered);
    if (report.unknown > 0)
        text += fmt::format("{} answers are about events that this run does not know.\n", report.unknown);
    if (bound.sample >= bound.discarded)
        text +=
            fmt::format("All that was set aside was looked at: {} missed.\n", bound.missed_events_at_most);
    else
        text += fmt::format(
            "With {:.0f} % confidence at most {:.1f} % of the events set aside show {}: {} events or "
            "fewer.\n",
            100 * bound.confidence, 100 * bound.miss_share_at_most, what, bound.missed_events_at_most);
    if (report.found_is_estimate)
        text +=
            fmt::format("Of the events to look at {} are not answered; the model expects {:.1f} with {}. ",
                        report.looked_unanswered, report.found, what);
    else
        text += fmt::format("{} events to look at did show {}. ", report.confirmed, what);
    return text + fmt::format("So recall is at least {:.1f} %{}.\n", 100 * bound.recall_at_least,
                              report.found_is_estimate ? ", if the model is right about those" : "");
}

}  // namespace ounce::trap
