#pragma once

#include <filesystem>
#include <stop_token>

#include "base/progress.hpp"
#include "trap/journal.hpp"
#include "trap/scan.hpp"

namespace ounce::trap {

/// Pass 1: lists the folder in the journal. A picture that changed (size or time of change) is read again
/// later, one that is gone is forgotten, the others keep what is known of them.
Result<ScanCounts> walk_pass(Journal& journal, std::filesystem::path const& folder,
                             std::filesystem::path const& out, ProgressSink const& progress,
                             std::stop_token const& stop);

/// Pass 2: reads the head of each new picture: camera and time. Pictures that lie in no
/// folder of their own are of a camera called like `folder`.
Status place_pass(Journal& journal, std::filesystem::path const& folder, int threads,
                  ProgressSink const& progress, std::stop_token const& stop);

}  // namespace ounce::trap
