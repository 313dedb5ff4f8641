#include "train/model_export.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "vision/onnx_graph.hpp"
#include "vision/session.hpp"

namespace ounce::train {
namespace {

/// A backbone of one convolution: 3 colours to 4 channels, one cell for each 2 x 2 pixels.
Bytes tiny_backbone() {
    Random random(9);
    std::vector<float> weights(4 * 3 * 2 * 2);
    for (auto& value : weights) value = static_cast<float>(random.unit() - 0.5);
    vision::OnnxGraph graph;
    graph.add_input("image", {-1, 3, -1, -1});
    graph.add_floats("w", {4, 3, 2, 2}, weights);
    graph.add_node("Conv", {"image", "w"}, {"map"}, {{"strides", std::vector<std::int64_t>{2, 2}}});
    graph.add_node("GlobalAveragePool", {"map"}, {"mean"});
    graph.add_node("Flatten", {"mean"}, {"features"});
    graph.add_node("Softmax", {"features"}, {"imagenet"});
    graph.add_output("map", {-1, 4, -1, -1});
    return graph.serialize();
}

vision::Tensor picture(std::int64_t count, std::int64_t side) {
    vision::Tensor input{{count, 3, side, side}, {}};
    Random random(4);
    for (std::int64_t i = 0; i < input.count(); ++i)
        input.values.push_back(static_cast<float>(random.unit() * 2 - 1));
    return input;
}

LinearHead random_head(vision::Kind kind, std::size_t width) {
    LinearHead head{kind, 3, width, std::vector<float>(3 * width), {0.1F, -0.2F, 0.3F}};
    Random random(6);
    for (auto& value : head.weights) value = static_cast<float>(random.unit() * 4 - 2);
    return head;
}

TEST(ExportModel, AgreesWithPoolingAndHeadComputedDirectly) {
    auto const backbone = tiny_backbone();
    for (auto const pooling : {Pooling::Average, Pooling::Maximum, Pooling::Top, Pooling::AverageMaximum}) {
        for (auto const kind : {vision::Kind::Multiclass, vision::Kind::Multilabel}) {
            auto const head = random_head(kind, pooling == Pooling::AverageMaximum ? 8 : 4);
            auto const model = export_model(backbone, 4, 16, 2, pooling, head);
            ASSERT_TRUE(model) << model.error().message;
            auto const session = vision::Session::create(*model);
            ASSERT_TRUE(session) << session.error().message;
            auto const out = session->run(picture(2, 16), {"probabilities", "map"});
            ASSERT_TRUE(out) << out.error().message;
            for (std::size_t n = 0; n < 2; ++n) {
                auto const map = std::span((*out)[1].values).subspan(n * 4 * 64, 4 * 64);
                Matrix features(1, head.width);
                features.values = pick_pooling(pool_all(map, 4), pooling);
                auto direct = head.logits(features);
                to_probabilities(kind, direct);
                for (std::size_t k = 0; k < 3; ++k)
                    EXPECT_NEAR((*out)[0].values[n * 3 + k], direct.values[k], 1e-5) << to_string(pooling);
            }
        }
    }
}

TEST(ExportModel, SameInputSameBytes) {
    auto const backbone = tiny_backbone();
    auto const head = random_head(vision::Kind::Multiclass, 4);
    EXPECT_EQ(*export_model(backbone, 4, 16, 2, Pooling::Top, head),
              *export_model(backbone, 4, 16, 2, Pooling::Top, head));
}

TEST(ExportModel, RefusesWhatDoesNotFit) {
    auto const head = random_head(vision::Kind::Multiclass, 5);
    EXPECT_EQ(export_model(tiny_backbone(), 4, 16, 2, Pooling::Average, head).error().code,
              Code::InvalidArgument);
    EXPECT_FALSE(export_model(as_bytes("no model"), 5, 16, 2, Pooling::Average, head));
}

}  // namespace
}  // namespace ounce::train
