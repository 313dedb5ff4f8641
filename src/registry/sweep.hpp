#pragma once

#include <chrono>
#include <stop_token>
#include <string>
#include <vector>

#include "registry/storage.hpp"

namespace ounce::registry {

/// What came in and was never used is kept so long: time enough for a push over a bad link.
inline constexpr std::chrono::hours kUnusedFor{24};

/// A file as a folder lists it.
struct FoundFile {
    std::string name;
    Time modified;
};

/// Which of `files` nobody can be about to use: not written to since `before`. Pure.
std::vector<std::string> old_ones(std::vector<FoundFile> const& files, Time before);

struct SweepReport {
    std::size_t artifacts = 0;  // files that no model was registered from, and their pieces
    std::size_t uploads = 0;    // layers whose sender stopped
    std::size_t layers = 0;     // that no manifest of their repository names
    std::size_t strays = 0;     // files that the registry does not know: left by a crash
};

/// Clears away what came before `before` and was never used, then what nothing refers to any more. For the
/// hub to call every hour or so with now - kUnusedFor, or on demand with a later time. May run while others
/// use the registry; any thread but the ledger's. Errors: Cancelled if told to stop.
Result<SweepReport> sweep(Storage const& storage, Time before, std::stop_token const& stop = {});

}  // namespace ounce::registry
