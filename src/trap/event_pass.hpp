#pragma once

#include <stop_token>

#include "trap/decide.hpp"
#include "trap/group.hpp"
#include "trap/journal.hpp"
#include "trap/scorer.hpp"

namespace ounce::trap {

struct EventOptions {
    GroupOptions group;
    Voting voting = Voting::MeanLogit;
    int target = -1;  // tag that ranks, -1 = any animal
};

/// Which tag means "nothing there": the one marked negative, else one called empty, blank, none or nothing.
int negative_tag(std::vector<ScoredTag> const& tags);
VoteTags vote_tags(std::vector<ScoredTag> const& tags, bool exclusive, bool gated = false);

/// Pass 4: groups the scored pictures into bursts and events, lets each event's frames vote, and ranks the
/// events, likeliest target first. Always done anew, in one transaction: it costs seconds for a season.
Status event_pass(Journal& journal, Scorer const& scorer, EventOptions const& options,
                  std::stop_token const& stop);

/// Marks the events from `threshold` on as to be looked at, the others as set aside, and draws the sample of
/// those for the audit. Returns nothing; the journal knows.
Status split_events(Journal& journal, double threshold, std::size_t audit_events, std::uint64_t seed);

}  // namespace ounce::trap
