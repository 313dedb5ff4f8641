#include "api/azureml_block_list.hpp"

#include <gtest/gtest.h>

#include "registry/artifacts.hpp"

namespace ounce::api {
namespace {

using Ids = std::vector<std::string>;

TEST(BlockList, KeepsTheOrderAndTakesAllThreeKinds) {
    EXPECT_EQ(
        *parse_block_list("<?xml version='1.0' encoding='utf-8'?>\n<BlockList><Latest>QQ==</Latest>"
                          "<Uncommitted>Ag==</Uncommitted>\n <Committed> Qw== </Committed></BlockList>\n"),
        (Ids{"QQ==", "Ag==", "Qw=="}));
    EXPECT_EQ(*parse_block_list("<BlockList></BlockList>"), Ids{});
    EXPECT_EQ(*parse_block_list("\xef\xbb\xbf<BlockList />"), Ids{});
}

TEST(BlockList, RefusesEverythingElse) {
    for (auto const* const bad :
         {"", "<", "<BlockList>", "<BlockList><Latest>a</Latest>",
          "<BlockList><Latest>a</Committed></BlockList>", "<BlockList><Latest></Latest></BlockList>",
          "<BlockList><Latest>&x;</Latest></BlockList>", "<BlockList><Other>a</Other></BlockList>",
          "<BlockList>a</BlockList>", "<BlockList></BlockList>x", "<?xml",
          "<!DOCTYPE x><BlockList></BlockList>", "<BlockList><Latest>a"})
        EXPECT_FALSE(parse_block_list(bad)) << bad;
    std::string many = "<BlockList>";
    for (std::size_t i = 0; i <= registry::kBlocksMax; ++i) many += "<Latest>a</Latest>";
    EXPECT_EQ(parse_block_list(many + "</BlockList>").error().code, Code::ResourceExhausted);
}

}  // namespace
}  // namespace ounce::api
