#include "train/held_out.hpp"

#include <gtest/gtest.h>

#include "base/json.hpp"

namespace ounce::train {
namespace {

TEST(HeldOutTest, ListsEachPicture) {
    Labels const labels{.classes = 2, .on = {1, 0, 0, 1}};
    Matrix probabilities(2, 2);
    probabilities.values = {.9F, .1F, .123456F, .876544F};
    auto const list = parse_json(held_out_json({"leopard", "empty"}, labels, probabilities, {3, 4})).value();
    EXPECT_EQ(list, Json::parse(R"([{"group":"3","tag":["leopard"],"probabilities":[0.9,0.1]},
                                    {"group":"4","tag":["empty"],"probabilities":[0.1235,0.8765]}])"));
}

}  // namespace
}  // namespace ounce::train
