#pragma once

#include <filesystem>
#include <stop_token>

#include "base/progress.hpp"
#include "trap/journal.hpp"
#include "trap/scorer.hpp"

namespace ounce::trap {

/// Pass 4: the costlier look at each picture whose first score came with notes, with `threads` workers. What
/// is done is done: a stopped run goes on with the rest. A picture that can no longer be read keeps its first
/// score, and its flags say so.
Status second_look_pass(Journal& journal, std::filesystem::path const& folder, Scorer const& scorer,
                        int threads, ProgressSink const& progress, std::stop_token const& stop);

}  // namespace ounce::trap
