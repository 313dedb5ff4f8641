#pragma once

#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/progress.hpp"
#include "cli/hub_client.hpp"
#include "cli/upload_plan.hpp"

namespace ounce::cli {

/// What became of one picture.
struct UploadOutcome {
    enum class Kind { Added, AlreadyThere, Refused, Failed, NotTried };
    Kind kind = Kind::NotTried;
    std::string why;  // of Refused (the hub's word, "ErrorImageFormat") and Failed
};

/// Why it was not taken, for a person: the hub's word in words, if it is one of those known here.
std::string in_words(UploadOutcome const& outcome);

/// Sends the pictures of a plan to a project, several at a time, each on a connection that is kept. A picture
/// that the project has already costs only the way there; so an upload that was cut off goes on where it was
/// by being run again. Calls `progress` on one thread at a time.
///
/// `tag_ids` holds every tag of the plan's likely pictures: a picture with another tag is refused as none
/// without being sent. The outcomes are in the plan's order. Once someone wants to stop,
/// or `kFailuresMax` pictures in a row could not be sent at all, the rest is NotTried.
std::vector<UploadOutcome> upload_pictures(HubClient const& hub, std::string const& project,
                                           std::vector<PlannedPicture> const& plan,
                                           std::map<std::string, std::string> const& tag_ids, int connections,
                                           std::stop_token const& stop, ProgressSink const& progress);

inline constexpr int kFailuresMax = 8;

}  // namespace ounce::cli
