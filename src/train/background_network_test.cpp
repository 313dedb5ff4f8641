#include "train/background_network.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "base/file.hpp"
#include "train/converted_backbone_test.hpp"
#include "train/picture_identity.hpp"
#include "vision/camera_background.hpp"
#include "vision/onnx_graph.hpp"

namespace ounce::train {
namespace {

using ::testing::HasSubstr;

constexpr int kFrames = 5;
constexpr std::int64_t kSidePx = 224;

/// Waves that hardly differ from frame to frame; frame 2 has a flat square in rows and columns 56 to 111.
vision::Tensor made_frame(int frame) {
    vision::Tensor input{{1, 3, kSidePx, kSidePx}, {}};
    for (std::int64_t k = 0; k < input.count(); ++k) {
        auto const x = k % kSidePx;
        auto const y = k / kSidePx % kSidePx;
        bool const square = frame == 2 && x >= 56 && x < 112 && y >= 56 && y < 112;
        auto const at = static_cast<double>(k);
        input.values.push_back(
            square ? 0.5F : static_cast<float>(std::sin(0.01 * at) + 0.05 * std::sin(0.37 * at + frame)));
    }
    return input;
}

// The numbers come from the algorithm's first form (Python: numpy, the backbone run by ONNX Runtime), written
// before and apart from this one: docs/decisions/0007-camera-background.md.
TEST(CameraBackground, GivesTheKnownNumbersOnMadeFrames) {
    auto const session = vision::Session::create(converted(backbone_catalogue()[0]));
    ASSERT_TRUE(session) << session.error().message;
    std::vector<vision::CellMap> middles;
    std::vector<vision::CellMap> maps;
    for (int frame = 0; frame < kFrames; ++frame) {
        auto const outputs = session->run(made_frame(frame), {"middle", "map"});
        ASSERT_TRUE(outputs) << outputs.error().message;
        auto middle = vision::make_cell_map(outputs->at(0));
        auto map = vision::make_cell_map(outputs->at(1));
        ASSERT_TRUE(middle && map);
        middles.push_back(std::move(*middle));
        maps.push_back(std::move(*map));
    }
    std::vector<std::optional<std::vector<float>>> distances(kFrames);
    std::vector<vision::CameraFrame> frames;
    for (std::size_t i = 0; i < kFrames; ++i)
        frames.push_back({std::chrono::minutes(i), false, &middles[i], &distances[i]});

    std::vector<vision::FrameChange> changes;
    for (std::size_t i = 0; i < kFrames; ++i) changes.push_back(vision::find_change(frames, i, {}));
    float const scores[] = {0.00133F, 0.00115F, 1.06826F, 0.00125F, 0.00122F};
    double const sums[] = {0.10639, 0.10690, 21.28043, 0.10065, 0.10788};
    for (std::size_t i = 0; i < kFrames; ++i) {
        EXPECT_EQ(changes[i].neighbours, 4U);
        EXPECT_NEAR(changes[i].score, scores[i], 1e-3) << i;
        ASSERT_EQ(changes[i].distance.size(), 14U * 14U);
        EXPECT_NEAR(std::accumulate(changes[i].distance.begin(), changes[i].distance.end(), 0.0), sums[i],
                    5e-3)
            << i;
    }
    auto const& changed = changes[2];
    auto const peak = std::ranges::max_element(changed.distance) - changed.distance.begin();
    EXPECT_EQ(peak, 74);  // row 5, column 4
    ASSERT_TRUE(changed.box);
    EXPECT_LE(changed.box->x, 4 / 14.0);
    EXPECT_GE(changed.box->x + changed.box->width, 5 / 14.0);
    double const row5[] = {0.03215, 0.08396, 0.30859, 0.78934, 1.06886, 1.01187, 0.85446,
                           0.43527, 0.24351, 0.05504, 0.02899, 0.01302, 0.00424, 0.00136};
    for (std::size_t x = 0; x < 14; ++x) EXPECT_NEAR(changed.distance[5 * 14 + x], row5[x], 1e-3) << x;

    auto const features = vision::changed_features(maps[2], changed.distance, 14);
    ASSERT_EQ(features.size(), 1280U);
    double const first[] = {0.04350, 0, 0.00089, 0.03110, 0, 0, 0, 0.01582, 0, 0};
    for (std::size_t j = 0; j < 10; ++j) EXPECT_NEAR(features[j], first[j], 1e-3) << j;
    auto const largest = std::ranges::max_element(features);
    EXPECT_EQ(largest - features.begin(), 1080);
    EXPECT_NEAR(*largest, 0.13539, 1e-3);
}

TEST(BackgroundNetwork, LooksTwiceAtAPhotograph) {
    auto const& backbone = backbone_catalogue()[0];
    auto const network = BackgroundNetwork::create(converted(backbone), untrained_background_head(backbone));
    ASSERT_TRUE(network) << network.error().message;
    auto const picture =
        read_file(OUNCE_SOURCE_DIR "/demo/photographs/agouti/SEQ75520_IMG_0001.jpg", kPictureBytesMax);
    ASSERT_TRUE(picture) << picture.error().message;
    auto const look = network->look(*picture);
    ASSERT_TRUE(look) << look.error().message;
    EXPECT_EQ(look->middle.columns, 14);
    EXPECT_EQ(look->middle.rows, 14);
    EXPECT_EQ(look->middle.channels, 112);
    EXPECT_EQ(look->width_px, 640);
    EXPECT_EQ(look->height_px, 640);
    EXPECT_TRUE(look->damage.empty());

    std::vector<float> distance(14 * 14, 0.01F);
    distance[100] = 0.8F;
    auto const features = network->features(*picture, distance, 14);
    ASSERT_TRUE(features) << features.error().message;
    ASSERT_EQ(features->size(), 1280U);
    double length = 0;
    for (auto const value : *features) length += double{value} * double{value};
    EXPECT_NEAR(length, 1, 1e-4);

    auto const misfit = network->features(*picture, distance, 13);
    ASSERT_FALSE(misfit);
    EXPECT_EQ(misfit.error().code, Code::InvalidArgument);
    EXPECT_FALSE(network->look(as_bytes("no picture")));
}

TEST(BackgroundNetwork, SaysWhatTheModelLacks) {
    auto const& backbone = backbone_catalogue()[0];
    auto const head = untrained_background_head(backbone);
    auto const noise = BackgroundNetwork::create(as_bytes("no model at all"), head);
    ASSERT_FALSE(noise);
    EXPECT_EQ(noise.error().code, Code::DataLoss);

    vision::OnnxGraph old;
    old.add_input("image", {-1, 3, -1, -1});
    old.add_node("GlobalAveragePool", {"image"}, {"map"});
    old.add_output("map", {-1, 3, -1, -1});
    auto const lacking = BackgroundNetwork::create(old.serialize(), head);
    ASSERT_FALSE(lacking);
    EXPECT_EQ(lacking.error().code, Code::FailedPrecondition);
    EXPECT_THAT(lacking.error().message, HasSubstr("train it again"));

    auto narrow = head;
    narrow.tags = {"deer", "boar"};
    narrow.head = LinearHead{vision::Kind::Multiclass, 2, 2, {1, 0, 0, 1}, {0, 0}};
    auto const misfit = BackgroundNetwork::create(converted(backbone), narrow);
    ASSERT_FALSE(misfit);
    EXPECT_EQ(misfit.error().code, Code::InvalidArgument);
    EXPECT_THAT(misfit.error().message, HasSubstr("the map has 1280"));
}

}  // namespace
}  // namespace ounce::train
