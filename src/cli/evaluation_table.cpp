#include "cli/evaluation_table.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/output.hpp"

namespace ounce::cli {
namespace {

constexpr std::size_t kConfusionTagsMax = 12;

std::string number(train::Share const& share) {
    return share.of == 0 ? "-" : fmt::format("{:.2f} [{:.2f}-{:.2f}]", share.value, share.low, share.high);
}

std::string shortened(std::string const& text, std::size_t width) {
    auto const clean = printable(text);
    return clean.size() <= width ? clean : clean.substr(0, width - 1) + "~";
}

}  // namespace

std::string in_words(train::Share const& share) {
    if (share.of == 0) return "-";
    return fmt::format("{:.2f} ± {:.2f} ({} pictures)", share.value, (share.high - share.low) / 2, share.of);
}

std::string evaluation_table(train::Evaluation const& evaluation, train::EvaluationInput const& input,
                             std::span<std::string const> names) {
    std::string out;
    out += fmt::format("accuracy                {}\n", in_words(evaluation.accuracy));
    if (evaluation.balanced.of > 0)
        out += fmt::format("mean over tags          {:.2f} [{:.2f}-{:.2f}]\n", evaluation.balanced.value,
                           evaluation.balanced.low, evaluation.balanced.high);
    out += fmt::format("mean average precision  {:.2f}\n", evaluation.mean_average_precision);
    out += fmt::format("calibration error       {:.3f}\n", evaluation.calibration_error);
    if (evaluation.gate)
        out += fmt::format(
            "as a gate               {} of what has a tag is missed; {:.0f} of 1000 empties are kept\n",
            number(evaluation.gate->missed), evaluation.gate->false_alarms_per_1000);
    out += fmt::format("\n{:<24}{:>9}{:>20}{:>20}{:>10}{:>11}\n", "TAG", "PICTURES", "PRECISION", "RECALL",
                       "AVG PREC", "THRESHOLD");
    for (auto const& tag : evaluation.tags)
        out += fmt::format("{:<24}{:>9}{:>20}{:>20}{:>10}{:>11.2f}\n", shortened(tag.tag, 23), tag.pictures,
                           number(tag.precision), number(tag.recall),
                           tag.average_precision ? fmt::format("{:.2f}", *tag.average_precision) : "-",
                           tag.threshold);
    if (!evaluation.confusion.empty() && evaluation.confusion.size() <= kConfusionTagsMax) {
        out += fmt::format("\n{:<24}", "IS \\ CALLED");
        for (auto const& tag : input.tags) out += fmt::format(" {:>10}", shortened(tag.name, 10));
        out += "\n";
        for (std::size_t k = 0; k < evaluation.confusion.size(); ++k) {
            out += fmt::format("{:<24}", shortened(input.tags[k].name, 23));
            for (auto const count : evaluation.confusion[k]) out += fmt::format(" {:>10}", count);
            out += "\n";
        }
    }
    if (!evaluation.label_doubts.empty()) {
        out += "\nperhaps tagged wrongly:\n";
        for (std::size_t i = 0; i < std::min<std::size_t>(5, evaluation.label_doubts.size()); ++i) {
            auto const& doubt = evaluation.label_doubts[i];
            auto const word = [](std::string const& tag) { return tag.empty() ? "none" : printable(tag); };
            out += fmt::format("  {}: {}, the model says {} ({:.2f})\n", printable(names[doubt.picture]),
                               word(doubt.labelled), word(doubt.answered), doubt.probability);
        }
        if (evaluation.label_doubts.size() > 5)
            out += fmt::format("  and {} more (--json has all)\n", evaluation.label_doubts.size() - 5);
    }
    return out;
}

std::string problems_text(std::span<train::Problem const> problems, std::span<std::string const> warnings,
                          std::size_t lines_max) {
    std::string out;
    for (std::size_t i = 0; i < std::min(lines_max, problems.size()); ++i)
        out += fmt::format("{}: {}\n", printable(problems[i].name), printable(problems[i].reason));
    if (problems.size() > lines_max)
        out += fmt::format("and {} more files (--json has all)\n", problems.size() - lines_max);
    for (auto const& warning : warnings) out += fmt::format("warning: {}\n", printable(warning));
    return out;
}

OrderedJson problems_json(std::span<train::Problem const> problems) {
    auto list = OrderedJson::array();
    for (auto const& problem : problems) list.push_back({{"path", problem.name}, {"reason", problem.reason}});
    return list;
}

}  // namespace ounce::cli
