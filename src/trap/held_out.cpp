#include "trap/held_out.hpp"

#include <algorithm>
#include <map>

#include "trap/event_pass.hpp"

namespace ounce::trap {
namespace {

struct Group {
    Vote vote;
    bool positive = false;
};

/// Whether one of the item's tags is what is sought.
bool is_positive(Json const& tag, std::vector<ScoredTag> const& tags, int target, int negative) {
    if (tag.is_array())
        return std::any_of(tag.begin(), tag.end(),
                           [&](Json const& one) { return is_positive(one, tags, target, negative); });
    if (!tag.is_string()) return false;
    auto const& name = tag.get_ref<std::string const&>();
    auto const index = [&](int tag_index) { return tags[static_cast<std::size_t>(tag_index)].name; };
    if (target >= 0) return name == index(target);
    return negative < 0 || name != index(negative);
}

}  // namespace

double gate_from_tags(std::vector<float> const& probabilities, VoteTags const& tags) {
    if (tags.negative >= 0 && static_cast<std::size_t>(tags.negative) < probabilities.size()) {
        if (tags.exclusive)
            return 1 - static_cast<double>(probabilities[static_cast<std::size_t>(tags.negative)]);
    }
    double most = 0;
    for (std::size_t i = 0; i < probabilities.size(); ++i)
        if (static_cast<int>(i) != tags.negative)
            most = std::max(most, static_cast<double>(probabilities[i]));
    return most;
}

Result<std::vector<double>> held_out_scores(Json const& held_out, std::vector<ScoredTag> const& tags,
                                            bool exclusive, Voting voting, int target) {
    if (!held_out.is_array()) return fail(Code::InvalidArgument, "held-out.json: not a list");
    auto const voters = vote_tags(tags, exclusive);
    std::map<std::string, Group> groups;
    std::size_t number = 0;
    for (auto const& item : held_out) {
        auto const where = fmt::format("held-out.json[{}]", number++);
        auto const probabilities = json_member<std::vector<float>>(item, "probabilities");
        if (!probabilities) return fail(probabilities.error().in(where));
        if (probabilities->size() != tags.size())
            return fail(Code::InvalidArgument, "{}: {} probabilities for {} tags", where,
                        probabilities->size(), tags.size());
        auto const group = item.value("group", Json());
        auto const key = group.is_string() && !group.get_ref<std::string const&>().empty()
                             ? "g" + group.get<std::string>()
                             : fmt::format("p{}", number);
        auto& vote = groups.try_emplace(key, Group{Vote(voters, voting)}).first->second;
        // A group can hold frames with the animal and without: it is an event that shows it.
        vote.positive |= is_positive(item.value("tag", Json()), tags, target, voters.negative);
        vote.vote.add(*probabilities, gate_from_tags(*probabilities, voters));
    }
    std::vector<double> scores;
    for (auto const& [key, group] : groups)
        if (group.positive) scores.push_back(rank_score(group.vote.verdict(), target));
    return scores;
}

}  // namespace ounce::trap
