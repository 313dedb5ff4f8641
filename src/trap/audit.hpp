#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "trap/recall.hpp"

namespace ounce::trap {

/// One line of a person's answers.
struct Answer {
    std::string event;
    enum class Said { Yes, No, Other } said = Said::No;
    std::string tag;  // what it is, if the person said so
};

/// Reads answers as the gallery saves them: columns event, answer (yes, no, other; y and n too; empty = not
/// answered, left out) and optional tag. The last line on an event counts.
/// Errors: InvalidArgument naming line and column.
Result<std::vector<Answer>> parse_answers(std::string_view csv);

/// Whether an answer says that what is sought is there. `target` "" = any animal; `negative` names the tag
/// for "nothing there".
bool shows_target(Answer const& answer, std::string_view target, std::string_view negative);

struct AuditReport {
    AuditBound bound;
    std::uint64_t unanswered = 0;  // of the sample: counted as missed, so that leaving out cannot flatter
    std::uint64_t unknown = 0;     // answers on events that this run does not know
    std::uint64_t confirmed = 0;   // events looked at of which a person said yes
    std::uint64_t looked_unanswered = 0;
    double found = 0;                // confirmed, else what the model expects among events to look at
    bool found_is_estimate = false;  // some events to look at are not answered
    std::string target;
    std::vector<std::string> missed_events;
};

/// The bound on what was missed, from the answers for the audit sample of the run in `out`.
/// Errors: NotFound if nothing was sifted there; FailedPrecondition if the run set nothing aside, or none of
/// the sample is answered.
Result<AuditReport> audit(std::filesystem::path const& out, std::vector<Answer> const& answers,
                          double confidence);

OrderedJson to_json(AuditReport const& report);
std::string describe(AuditReport const& report);

}  // namespace ounce::trap
