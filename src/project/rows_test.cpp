// Projects, tags and images as rows: the rules between them.
#include <gmock/gmock.h>

#include "project/vision_fixture_test.hpp"

namespace ounce::project {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

template <class T>
std::string reason(Result<T> const& result) {
    return result ? "" : result.error().reason;
}

class Rows : public VisionRows {};

TEST_F(Rows, DomainsHaveTheirNamesIdsAndOrder) {
    EXPECT_EQ(domains().size(), 18u);
    EXPECT_EQ(domains()[0].id.text(), "ee85a74c-405e-4adc-bb47-ffa8ca0c9f31");
    auto const first_boxes = std::ranges::find(domains(), Domain::Type::ObjectDetection, &Domain::type);
    EXPECT_EQ(first_boxes->id.text(), "da2e3a8a-40a5-4171-82f4-58522f70fbc1");
    EXPECT_FALSE(domains()[0].exportable());
    EXPECT_TRUE(find_domain(*Guid::parse("0732100F1A384E49A514C9B44C697AB5"))->exportable());
}

TEST_F(Rows, IdsAreReadInAnyCaseAndWrittenInOne) {
    EXPECT_EQ(Guid::parse("EE85A74C-405E-4ADC-BB47-FFA8CA0C9F31")->text(),
              "ee85a74c-405e-4adc-bb47-ffa8ca0c9f31");
    for (auto const* const wrong :
         {"", "ee85a74c-405e-4adc-bb47-ffa8ca0c9f3", "ee85a74c-405e-4adc-bb47-ffa8ca0c9f31x",
          "ee85a74c_405e-4adc-bb47-ffa8ca0c9f31", "{e85a74c-405e-4adc-bb47-ffa8ca0c9f3}",
          "ee85a74c405e-4adc-bb47-ffa8ca0c9f31-", "../../../../etc/passwd/aaaaaaaaaaaaa"})
        EXPECT_FALSE(Guid::parse(wrong)) << wrong;
    EXPECT_NE(Guid::random(), Guid::random());
}

TEST_F(Rows, ProjectsMayShareANameAndAreListedNewestFirst) {
    auto const first = make_project();
    auto const second = make_project();
    auto const all = list_projects(database_);
    ASSERT_TRUE(all);
    ASSERT_EQ(all->size(), 2u);
    EXPECT_EQ(all->front().id, second);
    EXPECT_EQ(all->back().id, first);
    EXPECT_EQ(reason(get_project(database_, Guid())), "NotFoundProject");
}

TEST_F(Rows, WhatAProjectCannotBeIsRefused) {
    struct Case {
        std::string name;
        char const* domain;
        std::vector<std::string> platforms;
        char const* reason;
    };
    auto const* const general = "ee85a74c-405e-4adc-bb47-ffa8ca0c9f31";
    for (auto const& each : {
             Case{"", general, {}, "BadRequestProjectName"},
             Case{" a", general, {}, "BadRequestProjectName"},
             Case{"a\nb", general, {}, "BadRequestProjectName"},
             Case{"\xff", general, {}, "BadRequestProjectName"},
             Case{std::string(201, 'a'), general, {}, "BadRequestProjectName"},
             Case{"a", "00000000-0000-0000-0000-000000000000", {}, "BadRequestProjectUnknownDomain"},
             Case{"a", "da2e3a8a-40a5-4171-82f4-58522f70fbc1", {}, "BadRequestUnsupportedDomain"},
             Case{"a", general, {"ONNX"}, "BadRequestProjectUnsupportedExportPlatform"},
         }) {
        ProjectSettings settings;
        settings.domain = *Guid::parse(each.domain);
        settings.platforms = each.platforms;
        EXPECT_EQ(reason(create_project(database_, each.name, "", settings, now())), each.reason)
            << each.name;
    }
    EXPECT_THAT(*list_projects(database_), IsEmpty());
}

TEST_F(Rows, APatchChangesWhatItNames) {
    auto const project = make_project(true);
    ProjectChange change;
    change.name = "owls / \u00e9";
    change.domain = *Guid::parse("0732100f-1a38-4e49-a514-c9b44c697ab5");
    change.platforms = std::vector<std::string>{"ONNX"};
    auto const changed = update_project(database_, project, change, now());
    ASSERT_TRUE(changed);
    auto const again = get_project(database_, project);
    EXPECT_EQ(again->name, "owls / \u00e9");
    EXPECT_TRUE(again->settings.multilabel);
    EXPECT_THAT(again->settings.platforms, ElementsAre("ONNX"));
    EXPECT_GT(again->modified, again->created);
    ProjectChange boxes;
    boxes.domain = *Guid::parse("da2e3a8a-40a5-4171-82f4-58522f70fbc1");
    EXPECT_EQ(reason(update_project(database_, project, boxes, now())),
              "BadRequestProjectUnsupportedDomainTypeChange");
}

TEST_F(Rows, TagNamesAreUniqueAndOneMayBeNegative) {
    auto const project = make_project();
    make_tag(project, "owl");
    make_tag(project, "none", TagType::Negative);
    EXPECT_EQ(reason(create_tag(database_, project, "owl", {}, TagType::Regular, now())),
              "BadRequestTagNameNotUnique");
    EXPECT_EQ(reason(create_tag(database_, project, "empty", {}, TagType::Negative, now())),
              "BadRequestMultipleNegativeTag");
    EXPECT_EQ(reason(create_tag(database_, project, "", {}, TagType::Regular, now())), "BadRequestTagName");
    EXPECT_EQ(list_tags(database_, project)->size(), 2u);
    EXPECT_EQ(create_tag(database_, make_project(), "owl", {}, TagType::Regular, now())->name, "owl");
}

TEST_F(Rows, ThePictureThatIsThereGetsTheNewTag) {
    auto const project = make_project(true);
    auto const owl = make_tag(project, "owl");
    auto const night = make_tag(project, "night");
    auto const image = upload_one(project, 1, {owl});
    auto const again = upload(project, 1, {night});
    ASSERT_TRUE(again);
    EXPECT_EQ(again->front().status, UploadStatus::OkDuplicate);
    EXPECT_EQ(again->front().image->id, image);
    EXPECT_EQ(again->front().image->tags.size(), 2u);
    EXPECT_EQ(*count_images(database_, project, {}), 1u);
    EXPECT_EQ(get_tag(database_, project, night)->images, 1u);
}

TEST_F(Rows, TagsThatCannotGoTogetherAreRefusedForThatImage) {
    auto const project = make_project();
    auto const owl = make_tag(project, "owl");
    auto const jay = make_tag(project, "jay");
    auto const none = make_tag(project, "none", TagType::Negative);
    EXPECT_EQ(upload(project, 1, {owl, jay})->front().status, UploadStatus::ErrorTagLimitExceed);
    EXPECT_EQ(upload(project, 1, {owl, none})->front().status,
              UploadStatus::ErrorNegativeAndRegularTagOnSameImage);
    auto const image = upload_one(project, 1, {owl});
    EXPECT_EQ(upload(project, 1, {jay})->front().status, UploadStatus::ErrorTagLimitExceed);
    EXPECT_EQ(reason(upload(project, 2, {Guid()})), "BadRequestImageTags");

    ImageTagPair const pairs[] = {{image, owl}, {image, jay}};
    auto const tagged = tag_images(database_, project, pairs, now());
    ASSERT_TRUE(tagged);
    EXPECT_THAT(tagged->duplicated, ElementsAre(pairs[0]));
    EXPECT_THAT(tagged->exceeded, ElementsAre(pairs[1]));
    ImageTagPair const negative[] = {{image, none}};
    EXPECT_EQ(reason(tag_images(database_, project, negative, now())),
              "BadRequestNegativeAndRegularTagOnSameImage");
}

TEST_F(Rows, ImagesAreListedNewestFirstByTagAndPage) {
    auto const project = make_project();
    auto const owl = make_tag(project, "owl");
    auto const jay = make_tag(project, "jay");
    auto const a = upload_one(project, 1, {owl});
    auto const b = upload_one(project, 2, {jay});
    auto const c = upload_one(project, 3, {});
    auto const ids = [&](ImageQuery const& query) {
        std::vector<Guid> found;
        auto const images = list_images(database_, project, query);
        for (auto const& image : *images) found.push_back(image.id);
        return found;
    };
    EXPECT_THAT(ids({}), ElementsAre(c, b, a));
    EXPECT_THAT(ids({.oldest_first = true, .take = 1, .skip = 1}), ElementsAre(b));
    EXPECT_THAT(ids({.tags = {owl, jay}}), ElementsAre(b, a));
    EXPECT_THAT(ids({.tagging = Tagging::Untagged}), ElementsAre(c));
    EXPECT_EQ(*count_images(database_, project, {.tagging = Tagging::Tagged, .take = 1}), 2u);
    EXPECT_EQ(reason(list_images(database_, project, {.take = 257})), "BadRequestInvalid");
}

TEST_F(Rows, DeletedImagesLeaveTheWorkspaceButNotTrainedIterations) {
    auto const project = make_project();
    auto const owl = make_tag(project, "owl");
    auto const jay = make_tag(project, "jay");
    upload_some(project, {owl, jay}, 5);
    auto const iteration = begin_training(database_, project, {}, now());
    ASSERT_TRUE(iteration);
    auto const newest = list_images(database_, project, {.take = 1})->front().id;
    ASSERT_TRUE(delete_images(database_, project, std::vector{newest}, false, now()));
    EXPECT_EQ(*count_images(database_, project, {}), 9u);
    EXPECT_EQ(*count_images(database_, project, {.iteration = iteration->id}), 10u);
    EXPECT_EQ(get_tag(database_, project, jay)->images, 4u);
    EXPECT_EQ(get_tag(database_, project, jay, iteration->id)->images, 5u);
    EXPECT_EQ(get_images(database_, project, std::span(&newest, 1), iteration->id)->size(), 1u);
    // Out of the iterations too, though it left the workspace before.
    auto const next = list_images(database_, project, {.take = 1})->front().id;
    ASSERT_TRUE(delete_images(database_, project, std::vector{next}, false, now()));
    ASSERT_TRUE(delete_images(database_, project, std::vector{next}, true, now()));
    EXPECT_EQ(*count_images(database_, project, {.iteration = iteration->id}), 9u);
    EXPECT_EQ(*count_images(database_, project, {}), 8u);
    // The same picture again is the same image.
    EXPECT_EQ(upload_one(project, 9, {jay}), newest);
    ASSERT_TRUE(delete_images(database_, project, std::nullopt, false, now()));
    ASSERT_TRUE(delete_iteration(database_, project, iteration->id));
    EXPECT_EQ(*database_.count("SELECT COUNT(*) FROM image"), 0);
}

TEST_F(Rows, LargePicturesGetAResizedCopy) {
    EXPECT_EQ(resized_sides(900, 1600), (Sides{900, 1600}));
    EXPECT_EQ(resized_sides(816, 612), (Sides{816, 612}));
    EXPECT_EQ(resized_sides(3000, 4000), (Sides{900, 1200}));
    EXPECT_EQ(resized_sides(4000, 1000), (Sides{1600, 400}));
    auto const stored = store_picture(numbered_picture(1, 2000, 1500), holds_);
    ASSERT_TRUE(stored);
    auto const& picture = std::get<StoredPicture>(*stored);
    EXPECT_EQ(picture.width_px, 1200);
    EXPECT_EQ(picture.height_px, 900);
    EXPECT_NE(picture.resized, picture.original);
    auto const header = vision::read_header(*blobs_.read(picture.thumbnail, 1 << 20));
    EXPECT_EQ(header->width_px, 300);
}

TEST_F(Rows, WhatIsNoPictureIsSaid) {
    EXPECT_EQ(std::get<PictureFault>(*store_picture(as_bytes("<svg onload=alert(1)>"), holds_)),
              PictureFault::Format);
    EXPECT_EQ(std::get<PictureFault>(*store_picture(Bytes(kPictureBytesMax + 1), holds_)),
              PictureFault::Size);
    EXPECT_EQ(std::get<PictureFault>(*store_picture(numbered_picture(1, 2000, 64), holds_)),
              PictureFault::Dimensions);
}

TEST_F(Rows, MetadataIsMergedWithinItsBounds) {
    auto const project = make_project();
    auto const image = upload_one(project, 1, {});
    Guid const ids[] = {image, Guid()};
    auto const set = set_metadata(database_, project, ids, {{"camera", "north"}}, now());
    ASSERT_TRUE(set);
    EXPECT_EQ((*set)[1].status, MetadataStatus::ErrorImageNotFound);
    Metadata many;
    for (int k = 0; k < 10; ++k) many["key" + std::to_string(k)] = "v";
    EXPECT_EQ(set_metadata(database_, project, std::span(ids, 1), many, now())->front().status,
              MetadataStatus::ErrorLimitExceed);
    EXPECT_EQ(list_images(database_, project, {})->front().metadata, (Metadata{{"camera", "north"}}));
    EXPECT_EQ(reason(set_metadata(database_, project, ids, {{std::string(129, 'k'), ""}}, now())),
              "BadRequestImageMetadataKey");
}

}  // namespace
}  // namespace ounce::project
