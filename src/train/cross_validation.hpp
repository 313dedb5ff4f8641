#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "train/linear_head.hpp"

namespace ounce::train {

/// One way to see the pictures: "average at 224". Rows: the pictures as they are, then (augmentation) the
/// same pictures seen otherwise, as often as liked; only the first rows are ever measured on.
struct Candidate {
    std::string name;
    Matrix const* features = nullptr;  // borrowed; rows = pictures * views
};

struct CrossValidationOptions {
    HeadOptions head;
    /// From strong to weak.
    std::vector<double> l2s{0.1, 0.03, 0.01, 3e-3, 1e-3, 1e-4};
    int folds = 5;
    std::uint64_t seed = 1;
    int threads = 1;
    std::stop_token stop;
};

/// What was chosen: a candidate, how strongly to hold the weights back, and how far to cool the logits.
struct Choice {
    std::size_t candidate = 0;
    double l2 = 0;
    double temperature = 1;
};

struct CandidateScore {
    std::size_t candidate = 0;
    double l2 = 0;
    double loss =
        0;  // mean log loss of pictures that the head did not learn from, rare tags weighing as much
    double accuracy = 0;  // share of them whose tags came out right
};

struct CrossValidation {
    std::vector<int> fold_of;
    std::vector<CandidateScore> scores;
    Choice chosen;                // on all pictures: what the final head uses
    std::vector<Choice> by_fold;  // for each fold, chosen without its pictures
    LinearHead start;             // the mean of the folds' heads for `chosen`: near the final one
    Matrix probabilities;         // pictures x tags, each from a head and a choice that never saw the picture
};

/// Trains on all folds but one, in turn, and answers for the one left out. To keep the measure honest, what
/// is chosen for a fold (candidate, l2, temperature) is chosen by the losses on the other folds: no picture's
/// own answer takes part in a choice that it is then measured by. (The heads whose losses those are did learn
/// from it; folds inside folds would cost as many times as much.) The choice is between heads that see the
/// pictures from landmarks (see_from_landmarks()); what is measured is fitted to all features again. The
/// result does not depend on `threads`. Errors: Cancelled; InvalidArgument for no candidates, no pictures,
/// fewer than 2 folds.
Result<CrossValidation> cross_validate(std::vector<Candidate> const& candidates, Labels const& labels,
                                       std::span<int const> groups, CrossValidationOptions const& options);

/// A head fitted on everything, with what cross-validation chose, its logits cooled.
struct FittedHead {
    LinearHead head;
    CrossValidation validation;
};

/// cross_validate() over `features` alone, then the head. `groups`: see group_folds(). Errors: the same.
Result<FittedHead> fit(Matrix const& features, Labels const& labels, std::span<int const> groups,
                       CrossValidationOptions const& options);

/// The head for validation.chosen, from all rows of its candidate.
LinearHead fit_chosen(Candidate const& candidate, Labels const& labels, CrossValidation const& validation,
                      HeadOptions options);

/// The divisor of `logits` that gives the least log loss over the rows where `use` is not 0.
double best_temperature(vision::Kind kind, Matrix const& logits, Labels const& labels,
                        std::span<double const> use);

}  // namespace ounce::train
