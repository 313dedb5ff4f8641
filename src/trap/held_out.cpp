#include "trap/held_out.hpp"

#include <algorithm>
#include <map>

#include "trap/event_pass.hpp"

namespace ounce::trap {
namespace {

struct Event {
    Vote vote;
    bool positive = false;
};

std::string text_member(Json const& item, char const* key) {
    auto const value = item.value(key, Json());
    return value.is_string() ? value.get<std::string>() : std::string();
}

/// One of `count` for a group, always the same and not led by its scores (FNV-1a).
std::size_t pick(std::string const& group, std::size_t count) {
    std::uint64_t hash = 14695981039346656037ULL;
    for (char const c : group) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    return static_cast<std::size_t>(hash % count);
}

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
                                            bool exclusive, bool gated, Voting voting, int target) {
    if (!held_out.is_array()) return fail(Code::InvalidArgument, "held-out.json: not a list");
    auto const voters = vote_tags(tags, exclusive, gated);
    std::map<std::string, Event> events;
    std::map<std::string, std::vector<double>>
        lone;  // scores of single pictures that show the target, by group
    std::size_t number = 0;
    for (auto const& item : held_out) {
        auto const where = fmt::format("held-out.json[{}]", number++);
        auto const probabilities = json_member<std::vector<float>>(item, "probabilities");
        if (!probabilities) return fail(probabilities.error().in(where));
        if (probabilities->size() != tags.size())
            return fail(Code::InvalidArgument, "{}: {} probabilities for {} tags", where,
                        probabilities->size(), tags.size());
        bool const positive = is_positive(item.value("tag", Json()), tags, target, voters.negative);
        auto const stated = item.value("gate", Json());
        auto const gate = stated.is_number() ? stated.get<double>() : gate_from_tags(*probabilities, voters);
        if (auto const event = text_member(item, "event"); !event.empty()) {
            auto& open = events.try_emplace(event, Event{Vote(voters, voting)}).first->second;
            // An event can hold frames with the animal and without: it is one that shows it.
            open.positive |= positive;
            open.vote.add(*probabilities, gate);
        } else if (positive) {
            Vote alone(voters, voting);
            alone.add(*probabilities, gate);
            auto const group = text_member(item, "group");
            lone[group.empty() ? fmt::format("p{}", number) : "g" + group].push_back(
                rank_score(alone.verdict(), target));
        }
    }
    std::vector<double> scores;
    for (auto const& [name, event] : events)
        if (event.positive) scores.push_back(rank_score(event.vote.verdict(), target));
    for (auto const& [group, of_group] : lone) scores.push_back(of_group[pick(group, of_group.size())]);
    return scores;
}

}  // namespace ounce::trap
