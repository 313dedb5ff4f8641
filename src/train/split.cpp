#include "train/split.hpp"

#include <algorithm>
#include <map>
#include <numeric>

#include "base/random.hpp"
#include "base/result.hpp"

namespace ounce::train {

std::size_t Labels::first(std::size_t picture) const {
    for (std::size_t tag = 0; tag < classes; ++tag)
        if (has(picture, tag)) return tag;
    return classes;
}

std::vector<std::size_t> Labels::totals() const {
    std::vector<std::size_t> counts(classes, 0);
    for (std::size_t i = 0; i < count(); ++i)
        for (std::size_t tag = 0; tag < classes; ++tag) counts[tag] += has(i, tag) ? 1 : 0;
    return counts;
}

Labels one_of(std::span<int const> tags, std::size_t classes) {
    Labels labels{classes, std::vector<std::uint8_t>(tags.size() * classes, 0)};
    for (std::size_t i = 0; i < tags.size(); ++i)
        labels.on[i * classes + static_cast<std::size_t>(tags[i])] = 1;
    return labels;
}

std::vector<int> group_folds(Labels const& labels, std::span<int const> groups, int folds,
                             std::uint64_t seed) {
    OUNCE_CHECK(folds >= 1 && groups.size() == labels.count());
    auto const classes = labels.classes;
    auto const parts = static_cast<std::size_t>(folds);
    std::vector<std::vector<std::size_t>> members;
    std::map<int, std::size_t> place;
    for (std::size_t i = 0; i < groups.size(); ++i) {
        if (groups[i] < 0) {
            members.push_back({i});
            continue;
        }
        auto const [found, added] = place.try_emplace(groups[i], members.size());
        if (added) members.emplace_back();
        members[found->second].push_back(i);
    }
    Random random(seed);
    random.shuffle(std::span(members));
    std::vector<std::size_t> order(members.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
        return members[a].size() != members[b].size() ? members[a].size() > members[b].size() : a < b;
    });

    auto const totals = labels.totals();
    // One column more counts pictures, so that those without a tag are spread out too.
    std::vector<std::vector<double>> have(parts, std::vector<double>(classes + 1, 0));
    std::vector<int> fold_of(groups.size(), 0);
    for (auto const place_in_order : order) {
        auto const& group = members[place_in_order];
        std::vector<double> brings(classes + 1, 0);
        for (auto const i : group)
            for (std::size_t tag = 0; tag < classes; ++tag) brings[tag] += labels.has(i, tag) ? 1 : 0;
        brings[classes] = static_cast<double>(group.size());
        std::size_t best = 0;
        double best_cost = 0;
        for (std::size_t part = 0; part < parts; ++part) {
            // How much the sum of squared shares grows: least where the group's tags are still missing.
            double cost = 0;
            for (std::size_t tag = 0; tag <= classes; ++tag) {
                double const total =
                    tag < classes ? static_cast<double>(totals[tag]) : static_cast<double>(groups.size());
                if (total > 0) cost += brings[tag] * (2 * have[part][tag] + brings[tag]) / (total * total);
            }
            if (part == 0 || cost < best_cost - 1e-12) {
                best = part;
                best_cost = cost;
            }
        }
        for (std::size_t tag = 0; tag <= classes; ++tag) have[best][tag] += brings[tag];
        for (auto const i : group) fold_of[i] = static_cast<int>(best);
    }
    return fold_of;
}

}  // namespace ounce::train
