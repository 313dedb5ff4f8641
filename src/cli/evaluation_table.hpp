#pragma once

#include <span>
#include <string>

#include "train/dataset.hpp"
#include "train/evaluation.hpp"

namespace ounce::cli {

/// The numbers as a person reads them: headline with interval, a line a tag, confusion, calibration, pictures
/// to look at.
std::string evaluation_table(train::Evaluation const& evaluation, train::EvaluationInput const& input,
                             std::span<std::string const> names);

/// "0.86 ± 0.03 (212 pictures)"; "-" if there is nothing to measure.
std::string in_words(train::Share const& share);

/// Left-out files and warnings, at most `lines_max` of the first.
std::string problems_text(std::span<train::Problem const> problems, std::span<std::string const> warnings,
                          std::size_t lines_max = 10);

OrderedJson problems_json(std::span<train::Problem const> problems);

}  // namespace ounce::cli
