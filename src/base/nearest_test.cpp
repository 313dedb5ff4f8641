#include "base/nearest.hpp"

#include <gtest/gtest.h>

namespace ounce {
namespace {

TEST(NearestTest, NamesWhatWasMeant) {
    std::vector<std::string> const known = {"from", "after", "device", "module", "limit", "wait"};
    for (auto const& [name, meant] : {std::pair("devcie", "device"),
                                      {"modul", "module"},
                                      {"wait_s", "wait"},
                                      {"limits", "limit"},
                                      {"from", "from"},
                                      {"", "from"}})
        EXPECT_EQ(nearest(name, known), meant) << name;
}

}  // namespace
}  // namespace ounce
