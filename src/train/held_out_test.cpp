#include "train/held_out.hpp"

#include <gtest/gtest.h>

#include "base/json.hpp"

namespace ounce::train {
namespace {

TEST(HeldOutTest, ListsEachPicture) {
    Labels const labels{.classes = 2, .on = {1, 0, 0, 1}};
    Matrix probabilities(2, 2);
    probabilities.values = {.5F, .25F, .125F, .875F};
    auto const list =
        parse_json(held_out_json({"leopard", "empty"}, labels, probabilities, {3, -1}, {-1, 8})).value();
    EXPECT_EQ(list, Json::parse(R"([{"group":"3","tag":["leopard"],"probabilities":[0.5,0.25]},
                                    {"event":"8","tag":["empty"],"probabilities":[0.125,0.875]}])"));
}

}  // namespace
}  // namespace ounce::train
