#include "project/answer.hpp"

#include <algorithm>

#include "base/result.hpp"

namespace ounce::project {

std::vector<float> by_place(std::span<float const> probabilities,
                            std::span<vision::PackageTag const> package_tags, std::span<Tag const> tags) {
    OUNCE_CHECK(probabilities.size() == package_tags.size());
    std::vector<float> placed(tags.size(), 0);
    float none = 1;
    for (auto const probability : probabilities) none *= 1 - probability;
    for (std::size_t place = 0; place < tags.size(); ++place) {
        auto const found = std::ranges::find(package_tags, tags[place].name, &vision::PackageTag::name);
        if (found != package_tags.end())
            placed[place] = probabilities[static_cast<std::size_t>(found - package_tags.begin())];
        else if (tags[place].type == TagType::Negative)
            placed[place] = none;
    }
    return placed;
}

}  // namespace ounce::project
