#include "train/dataset.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.hpp"

namespace ounce::train {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

void put(std::filesystem::path const& path) {
    ASSERT_TRUE(make_folder(path.parent_path()));
    ASSERT_TRUE(write_file(path, as_bytes("x")));
}

TEST(ListPictures, FolderPerTagWithProblemsNamed) {
    auto const folder = TemporaryFolder::create();
    put(folder->path() / "cat" / "a.jpg");
    put(folder->path() / "cat" / "deep" / "b.JPEG");
    put(folder->path() / "dog" / "a.png");
    put(folder->path() / "dog" / ".hidden.jpg");
    put(folder->path() / "dog" / "notes.txt");
    put(folder->path() / "loose.jpg");
    std::filesystem::create_symlink("nowhere", folder->path() / "dog" / "link.jpg");
    auto const listing = list_pictures(folder->path());
    ASSERT_TRUE(listing) << listing.error().message;
    ASSERT_EQ(listing->pictures.size(), 3U);
    EXPECT_EQ(listing->pictures[0].name, "cat/a.jpg");
    EXPECT_THAT(listing->pictures[1].tags, ElementsAre("cat"));
    EXPECT_EQ(listing->problems.size(), 4U);
    EXPECT_FALSE(listing->has_groups);
}

TEST(ListPictures, NothingThereIsAnErrorThatSaysWhatToDo) {
    auto const folder = TemporaryFolder::create();
    EXPECT_EQ(list_pictures(folder->path() / "no").error().code, Code::NotFound);
    EXPECT_THAT(list_pictures(folder->path()).error().message, HasSubstr("one folder for each tag"));
}

TEST(ParseListing, TakesOtherNamesForColumnsAndSeveralTags) {
    auto const listing =
        parse_listing("File,Sequence,Label\nb.jpg,s1,cat; dog\na.jpg,s2,cat\na.jpg,s2,cow\n", "/p");
    ASSERT_TRUE(listing) << listing.error().message;
    ASSERT_EQ(listing->pictures.size(), 2U);
    EXPECT_EQ(listing->pictures[0].path, "/p/a.jpg");
    EXPECT_THAT(listing->pictures[0].tags, ElementsAre("cat", "cow"));
    EXPECT_THAT(listing->pictures[1].tags, ElementsAre("cat", "dog"));
    EXPECT_EQ(listing->pictures[1].group, "s1");
    EXPECT_TRUE(listing->has_groups);
}

TEST(ParseListing, MissingColumnsAreNamed) {
    EXPECT_THAT(parse_listing("x,tag\n1,2\n", "/").error().message, HasSubstr("'path'"));
    EXPECT_THAT(parse_listing("path,x\n1,2\n", "/").error().message, HasSubstr("'tag'"));
}

std::vector<Picture> some(std::initializer_list<std::pair<char const*, int>> tags) {
    std::vector<Picture> pictures;
    for (auto const& [tag, count] : tags)
        for (int i = 0; i < count; ++i) pictures.push_back({"p", "p", {tag}, ""});
    return pictures;
}

TEST(NumberTags, NamesTheTagAndHowManyAreMissing) {
    auto const dataset = number_tags(some({{"cat", 7}, {"dog", 3}}), vision::Kind::Multiclass, "");
    ASSERT_FALSE(dataset);
    EXPECT_EQ(dataset.error().code, Code::FailedPrecondition);
    EXPECT_THAT(dataset.error().message, testing::AllOf(HasSubstr("'dog'"), HasSubstr("2 missing")));
}

TEST(NumberTags, OneTagIsNotEnough) {
    auto const dataset = number_tags(some({{"cat", 7}}), vision::Kind::Multiclass, "");
    EXPECT_EQ(dataset.error().code, Code::FailedPrecondition);
}

TEST(NumberTags, NegativeTagComesLastOrIsNoOutput) {
    auto const pictures = some({{"bear", 5}, {"empty", 6}, {"fox", 7}});
    auto const multiclass = number_tags(pictures, vision::Kind::Multiclass, "empty");
    ASSERT_TRUE(multiclass);
    EXPECT_THAT(multiclass->tags, ElementsAre("bear", "fox", "empty"));
    EXPECT_TRUE(multiclass->has_negative);
    auto const multilabel = number_tags(pictures, vision::Kind::Multilabel, "empty");
    ASSERT_TRUE(multilabel);
    EXPECT_THAT(multilabel->tags, ElementsAre("bear", "fox"));
    EXPECT_EQ(multilabel->labels.first(6), 2U);
    EXPECT_FALSE(number_tags(pictures, vision::Kind::Multiclass, "nothing"));
}

TEST(NumberTags, SeveralTagsNeedMultilabel) {
    auto pictures = some({{"cat", 7}, {"dog", 7}});
    pictures[0].tags = {"cat", "dog"};
    EXPECT_THAT(number_tags(pictures, vision::Kind::Multiclass, "").error().message, HasSubstr("multilabel"));
    EXPECT_TRUE(number_tags(pictures, vision::Kind::Multilabel, ""));
}

}  // namespace
}  // namespace ounce::train
