#include "cli/upload_plan.hpp"

#include <gtest/gtest.h>

#include "base/file.hpp"

namespace ounce::cli {
namespace {

namespace fs = std::filesystem;

class UploadPlan : public testing::Test {
  protected:
    TemporaryFolder temporary_ = TemporaryFolder::create().value();
    fs::path root_ = temporary_.path();

    void SetUp() override {
        for (auto const* const name :
             {"goat/2019/a.jpg", "goat/b.jpg", "leopard/c.jpg", "leopard/notes.txt"}) {
            ASSERT_TRUE(make_folder((root_ / name).parent_path()));
            ASSERT_TRUE(write_file(root_ / name, {}));
        }
    }
};

TEST_F(UploadPlan, TheFirstFolderBelowTellsTheTag) {
    for (auto const& given : {root_, root_ / ""}) {
        auto const plan = plan_upload({given}, {}).value();
        ASSERT_EQ(plan.size(), 3U);
        EXPECT_EQ(plan[0].path.filename(), "a.jpg");
        EXPECT_EQ(plan[0].tags, std::vector<std::string>{"goat"});
        EXPECT_EQ(plan[2].tags, std::vector<std::string>{"leopard"});
        EXPECT_EQ(tags_in(plan), (std::set<std::string>{"goat", "leopard"}));
    }
}

TEST_F(UploadPlan, GivenTagsTakeTheFoldersPlace) {
    auto const plan = plan_upload({root_ / "goat", root_ / "leopard/c.jpg"}, {{"animal", "mammal"}, false});
    ASSERT_TRUE(plan);
    ASSERT_EQ(plan->size(), 3U);
    for (auto const& picture : *plan) EXPECT_EQ(picture.tags, (std::vector<std::string>{"animal", "mammal"}));
    auto const bare = plan_upload({root_}, {{}, true}).value();
    EXPECT_TRUE(tags_in(bare).empty());
}

TEST_F(UploadPlan, APathThatIsNotThereIsNotFound) {
    for (auto const& given : {root_ / "nope", root_ / "nope.jpg"}) {
        auto const plan = plan_upload({given}, {});
        ASSERT_FALSE(plan);
        EXPECT_EQ(plan.error().code, Code::NotFound);
    }
}

TEST_F(UploadPlan, TheFirstBytesTellWhatMayBeAPicture) {
    for (auto const& [name, begin] :
         {std::pair{"goat/b.jpg", "\xff\xd8\xff\xe0 and so on"}, std::pair{"leopard/notes.txt", "no picture"},
          std::pair{"leopard/c.jpg", "\x89PNG\r\n\x1a\n"}})
        ASSERT_TRUE(write_file(root_ / name, as_bytes(begin)));
    auto const likely = likely_pictures({{root_ / "goat/2019/a.jpg", {}},  // empty
                                         {root_ / "goat/b.jpg", {"goat"}},
                                         {root_ / "leopard/notes.txt", {}},
                                         {root_ / "leopard/c.jpg", {}},
                                         {root_ / "leopard", {}},
                                         {root_ / "nope.jpg", {}}});
    ASSERT_EQ(likely.size(), 2U);
    EXPECT_EQ(likely[0].path.filename(), "b.jpg");
    EXPECT_EQ(likely[0].tags, std::vector<std::string>{"goat"});
    EXPECT_EQ(likely[1].path.filename(), "c.jpg");
}

TEST_F(UploadPlan, APictureWithoutATagIsAQuestionNotAGuess) {
    for (auto const& given : {root_ / "leopard", root_ / "leopard/c.jpg"}) {
        auto const plan = plan_upload({given}, {});
        ASSERT_FALSE(plan);
        EXPECT_EQ(plan.error().code, Code::InvalidArgument);
        EXPECT_NE(plan.error().message.find("c.jpg"), std::string::npos);
    }
}

}  // namespace
}  // namespace ounce::cli
