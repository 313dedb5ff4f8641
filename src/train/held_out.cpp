#include "train/held_out.hpp"

#include "base/json.hpp"

namespace ounce::train {

std::string held_out_json(std::vector<std::string> const& tags, Labels const& labels,
                          Matrix const& probabilities, std::vector<int> const& groups,
                          std::vector<int> const& events) {
    std::string text = "[";
    for (std::size_t i = 0; i < probabilities.rows; ++i) {
        OrderedJson item;
        if (i < events.size() && events[i] >= 0) item["event"] = std::to_string(events[i]);
        if (i < groups.size() && groups[i] >= 0) item["group"] = std::to_string(groups[i]);
        item["tag"] = OrderedJson::array();
        for (std::size_t k = 0; k < tags.size(); ++k)
            if (labels.has(i, k)) item["tag"].push_back(tags[k]);
        auto const row = probabilities.row(i);
        item["probabilities"] = std::vector<float>(row.begin(), row.end());
        text += (i > 0 ? ",\n" : "\n") + dump_json(item);
    }
    return text + "\n]\n";
}

}  // namespace ounce::train
