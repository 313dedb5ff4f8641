#include "registry/artifacts.hpp"

#include <thread>

#include "registry/registry_fixture_test.hpp"

namespace ounce::registry {
namespace {

using ArtifactsTest = RegistryTest;

ArtifactPlace at(std::string path) {
    return {.origin = "LocalUpload", .container = "c1", .path = std::move(path)};
}

std::size_t files_in(std::filesystem::path const& folder) {
    std::size_t count = 0;
    for (auto const& entry : std::filesystem::recursive_directory_iterator(folder))
        count += entry.is_regular_file() ? 1U : 0U;
    return count;
}

TEST_F(ArtifactsTest, KeepsTheLastFileOfAPlace) {
    ASSERT_TRUE(artifacts().put(at("m"), file("one")));
    auto const second = artifacts().put(at("m"), file("second"));
    ASSERT_TRUE(second);
    EXPECT_EQ(artifacts().get(at("m"))->digest, second->digest);
    EXPECT_EQ(files_in(storage_->blobs().folder()), 1U) << "the first is gone";
    EXPECT_EQ(artifacts().put(at("empty"), file(""))->size, 0U);
    EXPECT_EQ(code_of(artifacts().get(at("none"))), Code::NotFound);
}

TEST_F(ArtifactsTest, RenamingReplacesWhatLayThere) {
    auto const first = artifacts().put(at("a"), file("one"));
    auto const second = artifacts().put(at("b"), file("two"));
    ASSERT_TRUE(artifacts().rename(at("b"), "a"));
    EXPECT_EQ(artifacts().get(at("a"))->digest, second->digest);
    EXPECT_FALSE(has_blob(first->digest));
    EXPECT_EQ(code_of(artifacts().rename(at("b"), "c")), Code::NotFound);
    EXPECT_TRUE(artifacts().get(at("a")));
}

TEST_F(ArtifactsTest, JoinsBlocksInTheOrderOfTheList) {
    ASSERT_TRUE(artifacts().put_block(at("m"), "1", file("aa")));
    ASSERT_TRUE(artifacts().put_block(at("m"), "2", file("old")));
    ASSERT_TRUE(artifacts().put_block(at("m"), "2", file("bb")));
    ASSERT_TRUE(artifacts().put_block(at("m"), "3", file("never named")));
    EXPECT_EQ(code_of(artifacts().join_blocks(at("m"), {"1", "missing"})), Code::InvalidArgument);
    open();
    auto const blob = artifacts().join_blocks(at("m"), {"2", "1", "2"});
    ASSERT_TRUE(blob) << blob.error().message;
    EXPECT_EQ(as_text(*storage_->blobs().read(blob->digest, 100)), "bbaabb");
    EXPECT_EQ(files_in(storage_->uploads()), 0U);
    EXPECT_EQ(code_of(artifacts().join_blocks(at("m"), {"1"})), Code::InvalidArgument) << "they are used up";
}

TEST_F(ArtifactsTest, JoiningAgainBecauseTheAnswerWasLostGivesTheSame) {
    for (auto const* const name : {"1", "2"}) ASSERT_TRUE(artifacts().put_block(at("m"), name, file(name)));
    auto const blob = artifacts().join_blocks(at("m"), {"1", "2"});
    ASSERT_TRUE(blob);
    open();
    auto const again = artifacts().join_blocks(at("m"), {"1", "2"});
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->digest, blob->digest);
    EXPECT_EQ(again->size, 2U);
    for (auto const& other :
         std::vector<std::vector<std::string>>{{"1"}, {"2", "1"}, {"12"}, {"1", "2", "2"}})
        EXPECT_EQ(code_of(artifacts().join_blocks(at("m"), other)), Code::InvalidArgument) << "another list";
    EXPECT_EQ(code_of(artifacts().join_blocks(at("n"), {"1", "2"})), Code::InvalidArgument)
        << "another place";
    ASSERT_TRUE(artifacts().put(at("m"), file("whole")));
    EXPECT_EQ(code_of(artifacts().join_blocks(at("m"), {"1", "2"})), Code::InvalidArgument)
        << "replaced since";
}

TEST_F(ArtifactsTest, ABlockThatIsGoneIsToBeSentAgain) {
    ASSERT_TRUE(artifacts().put_block(at("m"), "1", file("x")));
    for (auto const& entry : std::filesystem::directory_iterator(storage_->uploads()))
        std::filesystem::remove(entry.path());
    auto const joined = artifacts().join_blocks(at("m"), {"1"});
    EXPECT_EQ(code_of(joined), Code::InvalidArgument);
    EXPECT_EQ(joined.error().reason, "InvalidBlockList");
    EXPECT_EQ(joined.error().message.find(folder_->path().string()), std::string::npos) << "no path of ours";
}

TEST_F(ArtifactsTest, ListsAFolderButNotItsNeighbours) {
    for (auto const* const path :
         {"model_dir/a", "model_dir/b/c", "model_dir2/d", "model_dir-x", "model_dir.txt"})
        ASSERT_TRUE(artifacts().put(at(path), file(path)));
    auto const paths = [&](std::string path) {
        auto const found = artifacts().list(at(std::move(path)));
        EXPECT_TRUE(found);
        std::string text;
        for (auto const& artifact : *found) text += artifact.path + " ";
        return text;
    };
    EXPECT_EQ(paths("model_dir"), "model_dir/a model_dir/b/c ");
    EXPECT_EQ(paths("model_dir/"), "model_dir/a model_dir/b/c ");
    EXPECT_EQ(paths("model_dir2/d"), "model_dir2/d ");
    EXPECT_EQ(paths("model"), "");
    EXPECT_EQ(paths("%"), "");
    EXPECT_EQ(artifacts().list(at(""))->size(), 5U);
}

TEST_F(ArtifactsTest, RefusesPlacesThatAreNone) {
    for (auto const& place : {at(""), at("../x"), at("/x"), ArtifactPlace{"a/b", "c", "p"},
                              ArtifactPlace{"a", "", "p"}, ArtifactPlace{"..", "c", "p"}}) {
        EXPECT_EQ(code_of(artifacts().put(place, file("x"))), Code::InvalidArgument);
        EXPECT_EQ(code_of(artifacts().put_block(place, "1", file("x"))), Code::InvalidArgument);
    }
    EXPECT_EQ(code_of(artifacts().put_block(at("m"), "", file("x"))), Code::InvalidArgument);
    EXPECT_EQ(files_in(storage_->uploads()) + files_in(storage_->blobs().folder()), 0U);
}

TEST_F(ArtifactsTest, AssetsNameWhatAModelIsMadeOf) {
    auto const asset = artifacts().add_asset("m", at("model_dir/"));
    ASSERT_TRUE(asset);
    auto const found = artifacts().get_asset(asset->id);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->prefix, "model_dir");
    EXPECT_EQ(found->container, "c1");
    EXPECT_EQ(code_of(artifacts().get_asset("no")), Code::NotFound);
    EXPECT_EQ(code_of(artifacts().add_asset("m", at(".."))), Code::InvalidArgument);
}

TEST_F(ArtifactsTest, ModelFilesLoseThePrefix) {
    auto const folder = model_files_of("x/model_dir", {{.path = "x/model_dir/a", .blob = {"d1", 1}},
                                                       {.path = "x/model_dir/b/c", .blob = {"d2", 2}}});
    EXPECT_EQ(folder.root, "model_dir");
    EXPECT_EQ(folder.files[1].path, "b/c");
    auto const alone = model_files_of("x/model.pb", {{.path = "x/model.pb", .blob = {"d1", 1}}});
    EXPECT_EQ(alone.root, "");
    EXPECT_EQ(alone.files[0].path, "model.pb");
}

TEST_F(ArtifactsTest, SweepsWhatNobodyRegistered) {
    auto const old = artifacts().put(at("old"), file("old"));
    ASSERT_TRUE(artifacts().put_block(at("blocks"), "1", file("x")));
    auto const asset = artifacts().add_asset("m", at("old"));
    clock_.advance(std::chrono::hours(30));
    auto const young = artifacts().put(at("young"), file("young"));
    EXPECT_EQ(*artifacts().sweep(clock_.now() - std::chrono::hours(24)), 2U);
    ASSERT_TRUE(storage_->collect_garbage());
    EXPECT_FALSE(has_blob(old->digest));
    EXPECT_TRUE(has_blob(young->digest));
    EXPECT_EQ(files_in(storage_->uploads()), 0U);
    EXPECT_EQ(code_of(artifacts().get_asset(asset->id)), Code::NotFound);
}

// One sender's last reference goes while another sends the same bytes: whatever the order, a file that is
// referred to is there.
TEST_F(ArtifactsTest, RemovalAndArrivalOfTheSameBytesNeverLoseThem) {
    constexpr int kRounds = 60;
    std::jthread const other([&] {
        for (int i = 0; i < kRounds; ++i) EXPECT_TRUE(artifacts().remove(at("a")));
    });
    int kept = 0;
    for (int i = 0; i < kRounds; ++i) {
        auto const place = at(i % 2 ? "a" : "b");
        auto const blob = artifacts().put(place, file("the same bytes"));
        if (!blob) {
            EXPECT_EQ(blob.error().code, Code::Unavailable);
            continue;
        }
        ++kept;
        if (i % 2 == 0) {
            EXPECT_TRUE(has_blob(blob->digest));
            EXPECT_TRUE(artifacts().remove(place));
        }
    }
    EXPECT_GT(kept, kRounds / 4);
}

}  // namespace
}  // namespace ounce::registry
