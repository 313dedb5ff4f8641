#include "train/background_head.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace ounce::train {
namespace {

using ::testing::HasSubstr;

/// Two tags from two features; "empty" is the gate's.
BackgroundHead small_head(vision::Kind kind = vision::Kind::Multiclass) {
    auto head = untrained_background_head(backbone_catalogue()[0]);
    head.gate_slope = 2;
    head.gate_offset = 5.5;
    head.gate_trained = true;
    head.tags = {"deer", "boar"};
    head.head = LinearHead{kind, 2, 2, {1.0F, 0.0F, 0.0F, 3.0F}, {0.25F, -0.5F}};
    return head;
}

std::vector<vision::PackageTag> const kTags{
    {.name = "boar"}, {.name = "deer"}, {.name = "empty", .negative = true}};

Result<BackgroundHead> parsed(OrderedJson const& json) {
    return parse_background_head(Json::parse(json.dump()));
}

TEST(BackgroundHead, TheGateRisesWithTheScoreAndIsFlatInTheNoise) {
    auto const head = small_head();
    EXPECT_NEAR(head.gate(1), 1 / (1 + std::exp(-5.5)), 1e-12);
    EXPECT_LT(head.gate(0.02), head.gate(0.05));
    EXPECT_EQ(head.gate(0), head.gate(kScoreFloor));
    EXPECT_EQ(head.gate(-1), head.gate(kScoreFloor));
}

TEST(BackgroundHead, UntrainedIsEvenAtTheBuiltInScore) {
    auto const head = untrained_background_head(backbone_catalogue()[0]);
    EXPECT_FALSE(head.gate_trained);
    EXPECT_FALSE(head.head);
    EXPECT_NEAR(head.gate(0.05), 0.5, 1e-12);
    EXPECT_LT(head.gate(0.02), kLookAgain);
    EXPECT_EQ(head.gate_recipe.width_px, 224);
    EXPECT_EQ(head.recipe.width_px, 448);
}

TEST(BackgroundHead, ComesBackFromJsonAsItWas) {
    auto const head = small_head();
    auto const back = parsed(to_json(head));
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(back->gate_recipe, head.gate_recipe);
    EXPECT_EQ(back->recipe, head.recipe);
    EXPECT_EQ(back->gate_slope, head.gate_slope);
    EXPECT_EQ(back->gate_offset, head.gate_offset);
    EXPECT_TRUE(back->gate_trained);
    EXPECT_EQ(back->tags, head.tags);
    ASSERT_TRUE(back->head);
    EXPECT_EQ(back->head->weights, head.head->weights);
    EXPECT_EQ(back->head->bias, head.head->bias);

    auto const untrained = parsed(to_json(untrained_background_head(backbone_catalogue()[0])));
    ASSERT_TRUE(untrained) << untrained.error().message;
    EXPECT_FALSE(untrained->head);
    EXPECT_TRUE(untrained->tags.empty());
}

TEST(BackgroundHead, RefusesHostileJsonAndNamesTheMember) {
    auto const good = Json::parse(to_json(small_head()).dump());
    struct Case {
        char const* pointer;
        Json value;  // null: left out
        char const* named;
    };
    for (auto const& [pointer, value, named] : {
             Case{"/format", nullptr, "format"},
             Case{"/format", "one", "format"},
             Case{"/gate_recipe", nullptr, "gate_recipe"},
             Case{"/gate_recipe/width_px", 1 << 30, "width_px"},
             Case{"/recipe", Json::array(), "recipe"},
             Case{"/gate_slope", 0, "gate_slope"},
             Case{"/gate_slope", -3.5, "gate_slope"},
             Case{"/gate_slope", "steep", "gate_slope"},
             Case{"/gate_offset", nullptr, "gate_offset"},
             Case{"/gate_trained", 1, "gate_trained"},
             Case{"/tags", "deer", "tags"},
             Case{"/tags", Json{"deer"}, "2 outputs for 1 tags"},
             Case{"/tags", Json{"deer", 7}, "tags"},
             Case{"/head", Json::array(), "kind"},
             Case{"/head/classes", -1, "classes"},
             Case{"/head/classes", 3, "bias"},
             Case{"/head/width", 1 << 30, "width"},
             Case{"/head/weights", Json{1, 2, 3}, "weights"},
         }) {
        auto json = good;
        if (value.is_null())
            json.erase(std::string(pointer + 1));
        else
            json[Json::json_pointer(pointer)] = value;
        auto const head = parse_background_head(json);
        ASSERT_FALSE(head) << pointer << " " << value;
        EXPECT_EQ(head.error().code, Code::InvalidArgument) << pointer;
        EXPECT_THAT(head.error().message, HasSubstr(named));
    }
    for (auto const& json : {Json(nullptr), Json::array(), Json("text"), Json(3)})
        EXPECT_FALSE(parse_background_head(json)) << json;
}

TEST(BackgroundHead, ANewerFormatIsSaidToBeOne) {
    auto json = Json::parse(to_json(small_head()).dump());
    json["format"] = 2;
    auto const head = parse_background_head(json);
    ASSERT_FALSE(head);
    EXPECT_EQ(head.error().code, Code::Unimplemented);
}

TEST(BackgroundProbabilities, WithoutFeaturesTheTagsShareTheGateEvenly) {
    auto const answer = background_probabilities(small_head(), kTags, 0.8, {});
    ASSERT_EQ(answer.size(), 3U);
    EXPECT_FLOAT_EQ(answer[0], 0.4F);
    EXPECT_FLOAT_EQ(answer[1], 0.4F);
    EXPECT_FLOAT_EQ(answer[2], 0.2F);
}

TEST(BackgroundProbabilities, MulticlassSharesTheGateAsTheHeadSays) {
    float const features[] = {0.5F, 1.0F};
    auto const answer = background_probabilities(small_head(), kTags, 0.9, features);
    double const boar = 1 / (1 + std::exp(0.75 - 2.5));  // logits: deer 0.75, boar 2.5
    EXPECT_NEAR(answer[0], 0.9 * boar, 1e-6);
    EXPECT_NEAR(answer[1], 0.9 * (1 - boar), 1e-6);
    EXPECT_NEAR(answer[2], 0.1, 1e-6);
}

TEST(BackgroundProbabilities, MultilabelHoldsEachTagUnderTheGate) {
    float const features[] = {0.5F, 1.0F};
    auto const head = small_head(vision::Kind::Multilabel);
    std::vector<vision::PackageTag> const tags{{.name = "boar"}, {.name = "deer"}, {.name = "fox"}};
    auto const answer = background_probabilities(head, tags, 0.5, features);
    EXPECT_NEAR(answer[0], 0.5 / (1 + std::exp(-2.5)), 1e-6);
    EXPECT_NEAR(answer[1], 0.5 / (1 + std::exp(-0.75)), 1e-6);
    EXPECT_EQ(answer[2], 0) << "a tag that the head does not know";
}

}  // namespace
}  // namespace ounce::train
