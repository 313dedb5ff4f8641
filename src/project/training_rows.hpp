#pragma once

#include <optional>
#include <string>
#include <vector>

#include "project/iterations.hpp"
#include "store/database.hpp"

namespace ounce::project {

/// What the training thread reads and writes. On the ledger's thread, as the other verbs.

/// A training that was begun this often without coming to an end took the hub down each time: it is failed.
inline constexpr int kTrainingAttemptsMax = 2;

/// A training to be done.
struct TrainingOrder {
    std::int64_t iteration = 0;  // its row
    Guid id;
    Guid project;
    std::string project_name;
    bool multilabel = false;
    bool advanced = false;
    int budget_hours = 0;
    std::vector<Tag> tags;  // by place
};

/// The oldest training that waits, with one more attempt noted; those that used up theirs are failed on the
/// way. None if nothing waits.
Result<std::optional<TrainingOrder>> next_training(store::Database& database, Time now);

/// The attempt was broken off on purpose and does not count: the training waits again.
Status postpone_training(store::Database& database, std::int64_t iteration);

/// One image of a frozen data set.
struct TrainingImage {
    std::int64_t number = 0;
    Guid id;
    std::string original;     // digest
    std::vector<int> places;  // of its tags
    std::string group;        // its metadata "group": images that belong together; empty: not known
};

/// The next images that carry a tag, `after` a row, at most `count`.
Result<std::vector<TrainingImage>> read_training_images(store::Database& database, std::int64_t iteration,
                                                        std::int64_t after, std::size_t count);

/// What the model says of an image that it did not learn from.
struct HeldOutAnswer {
    Guid image;
    int fold = 0;
    std::vector<float> probabilities;  // a place each
};

/// Completes the iteration; nothing happens if it was deleted meanwhile (then `false`).
Result<bool> complete_training(store::Database& database, std::int64_t iteration, std::string const& package,
                               std::vector<HeldOutAnswer> const& answers, double seconds, Time now);

/// Fails it, with words for the person who asked for it.
Status fail_training(store::Database& database, std::int64_t iteration, std::string const& why,
                     double seconds, Time now);

/// "0,2,3" as group_concat() of places writes it.
std::vector<int> parse_places(std::string_view list);

/// Floats as a blob, and back.
Bytes to_blob(std::vector<float> const& values);
std::vector<float> from_blob(Bytes const& blob);

}  // namespace ounce::project
