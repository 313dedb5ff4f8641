#pragma once

#include <filesystem>
#include <stop_token>

#include "base/progress.hpp"
#include "trap/journal.hpp"
#include "trap/scorer.hpp"

namespace ounce::trap {

/// Pass 3: scores each placed picture that has no score yet, one camera after the other in time order, with
/// `threads` workers that read, hash and look while this thread lines the frames up. Memory: the pictures in
/// work and one window of looks, whatever the number of pictures. Scores made by another scorer are dropped
/// first; so are those of a camera whose list of pictures changed, if the scorer looks at neighbours.
Status score_pass(Journal& journal, std::filesystem::path const& folder, Scorer const& scorer, int threads,
                  ProgressSink const& progress, std::stop_token const& stop);

/// Probabilities as the journal keeps them.
Bytes pack(std::vector<float> const& probabilities);
std::vector<float> unpack(Bytes const& bytes);

}  // namespace ounce::trap
