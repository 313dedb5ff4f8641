#include "project/iterations.hpp"

#include <gmock/gmock.h>

#include "project/training_rows.hpp"
#include "project/vision_fixture_test.hpp"

namespace ounce::project {
namespace {

template <class T>
std::string reason(Result<T> const& result) {
    return result ? "" : result.error().reason;
}

class Iterations : public VisionRows {
  protected:
    Iterations()
        : project_(make_project()), owl_(make_tag(project_, "owl")), jay_(make_tag(project_, "jay")) {}

    Result<Iteration> begin(TrainingRequest const& request = {}) {
        return begin_training(database_, project_, request, now());
    }
    void complete() {
        auto const order = next_training(database_, now());
        EXPECT_TRUE(*complete_training(database_, (*order)->iteration, std::string(64, 'a'), {}, 61, now()));
    }
    /// Begins one and completes it.
    Iteration train() {
        auto const begun = begin({.force = true});
        EXPECT_TRUE(begun.has_value());
        complete();
        return *get_iteration(database_, project_, begun->id);
    }

    Guid project_;
    Guid owl_;
    Guid jay_;
};

TEST_F(Iterations, TooLittleToLearnFromIsRefused) {
    upload_some(project_, {owl_}, 5);
    EXPECT_EQ(reason(begin()), "BadRequestMultiClassClassificationTrainingValidationFailed");
    ASSERT_TRUE(delete_tag(database_, project_, jay_, now()));
    EXPECT_EQ(reason(begin()), "BadRequestClassificationTrainingValidationFailed");
    EXPECT_EQ(reason(begin({.advanced = true})),
              "BadRequestReservedBudgetInHoursNotEnoughForAdvancedTraining");
    EXPECT_TRUE(list_iterations(database_, project_)->empty());
}

TEST_F(Iterations, OneTrainingAtATimeAndNoneWhenNothingChanged) {
    upload_some(project_, {owl_, jay_}, 5);
    auto const first = begin();
    ASSERT_TRUE(first);
    EXPECT_EQ(first->name, "Iteration 1");
    EXPECT_EQ(first->status, IterationStatus::Training);
    EXPECT_EQ(reason(begin({.force = true})), "BadRequestTrainingAlreadyInProgress");
    auto const order = next_training(database_, now());
    ASSERT_TRUE(order && *order);
    ASSERT_TRUE(*complete_training(database_, (*order)->iteration, std::string(64, 'a'), {}, 3, now()));
    EXPECT_EQ(reason(begin()), "BadRequestTrainingNotNeeded");
    upload_one(project_, 99, {owl_});
    EXPECT_EQ(begin()->name, "Iteration 2");
}

TEST_F(Iterations, OnlyWhatIsLearntFromMakesATrainingNeeded) {
    upload_some(project_, {owl_, jay_}, 5);
    train();
    auto const image = list_images(database_, project_, {.take = 1})->front().id;
    auto const set = [&](Metadata const& metadata) {
        ASSERT_TRUE(set_metadata(database_, project_, std::span(&image, 1), metadata, now()));
    };
    set({{"camera", "north"}});
    upload_one(project_, 9, {jay_});
    EXPECT_EQ(reason(begin()), "BadRequestTrainingNotNeeded") << "the picture was there, with that tag";
    set({{"group", "visit 1"}});
    EXPECT_EQ(reason(begin()), "") << "which images belong together is learnt from";
    complete();
    set({{"group", "visit 1"}});
    EXPECT_EQ(reason(begin()), "BadRequestTrainingNotNeeded");

    auto const stored = store_picture(numbered_picture(9), holds_);
    auto const again = NewImage{"p", std::get<StoredPicture>(*stored), {}};
    ASSERT_TRUE(
        add_images(database_, blobs_, project_, std::span(&again, 1), {}, {{"group", "visit 2"}}, now()));
    EXPECT_EQ(reason(begin()), "");
}

TEST_F(Iterations, EachTagThatHasTooFewImagesIsNamed) {
    upload_some(project_, {owl_}, 3);
    make_tag(project_, "tit");
    auto const refused = begin();
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, ::testing::StartsWith("Not enough images per tag for training"));
    for (auto const* const part : {"'owl' has 3", "'jay' has 0", "'tit' has 0", "5"})
        EXPECT_THAT(refused.error().message, ::testing::HasSubstr(part));
    for (int k = 0; k < 200; ++k) make_tag(project_, "tag " + std::to_string(k));
    EXPECT_LT(begin().error().message.size(), 1000u);
}

TEST_F(Iterations, AFailedTrainingCanBeTriedAgain) {
    upload_some(project_, {owl_, jay_}, 5);
    auto const first = begin();
    auto const order = next_training(database_, now());
    ASSERT_TRUE(fail_training(database_, (*order)->iteration, "no network", 1, now()));
    EXPECT_EQ(*get_iteration(database_, project_, first->id)->error, "no network");
    EXPECT_TRUE(begin());
}

TEST_F(Iterations, ATrainingThatTakesTheHubDownTwiceIsFailed) {
    upload_some(project_, {owl_, jay_}, 5);
    auto const id = begin()->id;
    for (int attempt = 0; attempt < kTrainingAttemptsMax; ++attempt)
        ASSERT_TRUE(next_training(database_, now())->has_value()) << "killed, and started again";
    ASSERT_FALSE(next_training(database_, now())->has_value());
    auto const failed = get_iteration(database_, project_, id);
    EXPECT_EQ(failed->status, IterationStatus::Failed);
    EXPECT_THAT(*failed->error, ::testing::HasSubstr("2 attempts"));
}

TEST_F(Iterations, AnOrderlyStopIsNoFailedAttempt) {
    upload_some(project_, {owl_, jay_}, 5);
    ASSERT_TRUE(begin());
    for (int stop = 0; stop < 5; ++stop) {
        auto const order = next_training(database_, now());
        ASSERT_TRUE(order && *order);
        ASSERT_TRUE(postpone_training(database_, (*order)->iteration));
    }
}

TEST_F(Iterations, TheDataSetIsFrozenWithItsTagsAndGroups) {
    upload_some(project_, {owl_, jay_}, 5);
    auto const owls = list_images(database_, project_, {.tags = {owl_}});
    ASSERT_TRUE(
        set_metadata(database_, project_, std::span(&owls->front().id, 1), {{"group", "visit 1"}}, now()));
    upload_one(project_, 50, {});
    ASSERT_TRUE(begin());
    ASSERT_TRUE(delete_tag(database_, project_, owl_, now()));
    auto const order = next_training(database_, now());
    ASSERT_EQ((*order)->tags.size(), 2u);
    EXPECT_EQ((*order)->tags[0].name, "owl");
    auto const images = read_training_images(database_, (*order)->iteration, 0, 7);
    ASSERT_EQ(images->size(), 7u);
    EXPECT_EQ((*images)[4].group, "visit 1");
    EXPECT_THAT((*images)[4].places, ::testing::ElementsAre(0));
    auto const rest = read_training_images(database_, (*order)->iteration, images->back().number, 7);
    EXPECT_EQ(rest->size(), 3u);
    EXPECT_THAT(rest->back().places, ::testing::ElementsAre(1));
}

TEST_F(Iterations, SelectedTagsAreLearntAlone) {
    auto const tit = make_tag(project_, "tit");
    upload_some(project_, {owl_, jay_}, 5);
    auto const begun = begin({.selected_tags = {owl_, jay_}});
    ASSERT_TRUE(begun);
    EXPECT_EQ(list_tags(database_, project_, begun->id)->size(), 2u);
    EXPECT_EQ(reason(begin({.force = true, .selected_tags = {tit}})), "BadRequestTrainingAlreadyInProgress");
}

TEST_F(Iterations, PublishedNamesAreUniqueAndCanBeTakenOver) {
    upload_some(project_, {owl_, jay_}, 5);
    auto const first = train();
    auto const second = train();
    auto const publish = [&](Guid const& id, std::string const& name, bool overwrite = false) {
        return reason(publish_iteration(database_, project_, id, name, "/subscriptions/x", overwrite, now()));
    };
    EXPECT_EQ(publish(first.id, "my Model/1"), "");
    EXPECT_EQ(publish(first.id, "other"), "BadRequestIterationIsPublished");
    EXPECT_EQ(publish(second.id, "my Model/1"), "BadRequestInvalidPublishName");
    EXPECT_EQ(publish(second.id, ""), "BadRequestInvalidPublishName");
    EXPECT_EQ(reason(publish_iteration(database_, project_, second.id, "x", "", false, now())),
              "BadRequestInvalidPublishTarget");
    EXPECT_EQ(publish(second.id, "my Model/1", true), "");
    EXPECT_FALSE(get_iteration(database_, project_, first.id)->publish_name);
    ASSERT_EQ(list_publications(database_)->size(), 1u);
    EXPECT_EQ(list_publications(database_)->front().iteration, second.id);
    EXPECT_EQ(reason(delete_iteration(database_, project_, second.id)), "BadRequestIterationIsPublished");
    EXPECT_EQ(reason(delete_project(database_, project_)), "BadRequestIterationIsPublished");
    ASSERT_TRUE(unpublish_iteration(database_, project_, second.id, now()));
    EXPECT_EQ(reason(unpublish_iteration(database_, project_, second.id, now())),
              "BadRequestIterationNotPublished");
    EXPECT_TRUE(delete_iteration(database_, project_, second.id));
    EXPECT_TRUE(delete_project(database_, project_));
    EXPECT_EQ(reason(get_iteration(database_, project_, first.id)), "NotFoundProject");
}

TEST_F(Iterations, WhatIsNotTrainedIsNotPublished) {
    upload_some(project_, {owl_, jay_}, 5);
    auto const id = begin()->id;
    EXPECT_EQ(reason(publish_iteration(database_, project_, id, "a", "b", false, now())),
              "BadRequestIterationIsNotTrained");
    EXPECT_EQ(reason(default_iteration(database_, project_)), "NotFoundProjectDefaultIteration");
    EXPECT_EQ(reason(rename_iteration(database_, project_, id, "", now())), "BadRequestIterationName");
    EXPECT_EQ(rename_iteration(database_, project_, id, "night owls", now())->name, "night owls");
}

}  // namespace
}  // namespace ounce::project
