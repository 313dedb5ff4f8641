#include "train/held_out.hpp"

#include <cmath>

#include "base/json.hpp"

namespace ounce::train {

std::string held_out_json(std::vector<std::string> const& tags, Labels const& labels,
                          Matrix const& probabilities, std::vector<int> const& groups) {
    std::string text = "[";
    for (std::size_t i = 0; i < probabilities.rows; ++i) {
        OrderedJson item;
        if (i < groups.size()) item["group"] = std::to_string(groups[i]);
        item["tag"] = OrderedJson::array();
        for (std::size_t k = 0; k < tags.size(); ++k)
            if (labels.has(i, k)) item["tag"].push_back(tags[k]);
        item["probabilities"] = OrderedJson::array();
        for (auto const value : probabilities.row(i))
            item["probabilities"].push_back(std::round(static_cast<double>(value) * 1e4) / 1e4);
        text += (i > 0 ? ",\n" : "\n") + dump_json(item);
    }
    return text + "\n]\n";
}

}  // namespace ounce::train
