#include "vision/onnx_graph.hpp"

#include <gtest/gtest.h>

#include "vision/session.hpp"

namespace ounce::vision {
namespace {

OnnxGraph doubling() {
    OnnxGraph graph;
    graph.add_input("x", {-1, 4});
    graph.add_floats("two", {1}, {2});
    graph.add_node("Mul", {"x", "two"}, {"y"});
    graph.add_output("y", {-1, 4});
    return graph;
}

TEST(OnnxGraph, SameCallsGiveSameBytes) {
    EXPECT_EQ(doubling().serialize(), doubling().serialize());
}

TEST(OnnxGraph, KeepsEveryKindOfAttribute) {
    OnnxGraph graph;
    graph.add_input("x", {1, 1, 4, 4});
    graph.add_node("AveragePool", {"x"}, {"pooled"},
                   {{"kernel_shape", std::vector<std::int64_t>{2, 2}},
                    {"auto_pad", std::string("VALID")},
                    {"count_include_pad", std::int64_t{0}}});
    graph.add_node("LeakyRelu", {"pooled"}, {"leaky"}, {{"alpha", 0.5F}});
    graph.add_integers("shape", {2}, {1, 9});
    graph.add_node("Reshape", {"leaky", "shape"}, {"y"});
    graph.add_output("y", {1, 9});
    auto const session = Session::create(graph.serialize());
    ASSERT_TRUE(session) << session.error().message;
    auto const out = session->run({{1, 1, 4, 4}, std::vector<float>(16, -2)}, {"y"});
    ASSERT_TRUE(out) << out.error().message;
    EXPECT_EQ(out->front().values, std::vector<float>(9, -1));
}

TEST(OnnxGraph, ContinuesAModel) {
    auto first = doubling();
    first.add_metadata("made", "here");
    auto graph = OnnxGraph::parse(first.serialize());
    ASSERT_TRUE(graph) << graph.error().message;
    EXPECT_TRUE(graph->has("x") && graph->has("two") && graph->has("y"));
    EXPECT_FALSE(graph->has("z"));
    graph->add_node("ReduceSum", {"y"}, {"z"}, {{"keepdims", std::int64_t{0}}});
    graph->add_output("z", {});
    auto const session = Session::create(graph->serialize());
    ASSERT_TRUE(session) << session.error().message;
    EXPECT_EQ(session->outputs().size(), 1U);
    EXPECT_FLOAT_EQ(session->run({{1, 4}, {1, 2, 3, 4}}, {"z"})->front().values.at(0), 20);
}

TEST(OnnxGraph, RefusesWhatIsNoModel) {
    EXPECT_EQ(OnnxGraph::parse({}).error().code, Code::DataLoss);
    EXPECT_EQ(OnnxGraph::parse(as_bytes("hello, this is no model")).error().code, Code::DataLoss);
    auto bytes = doubling().serialize();
    bytes.resize(bytes.size() / 2);
    EXPECT_EQ(OnnxGraph::parse(bytes).error().code, Code::DataLoss);
}

TEST(OnnxGraph, RefusesAnotherOpset) {
    auto bytes = doubling().serialize();
    // opset_import { domain: "" version: 13 } is field 8 of the model: 42 04 0a 00 10 0d.
    Bytes const opset{0x42, 0x04, 0x0A, 0x00, 0x10, 13};
    auto const found = std::search(bytes.begin(), bytes.end(), opset.begin(), opset.end());
    ASSERT_NE(found, bytes.end());
    *(found + 5) = 17;
    auto const graph = OnnxGraph::parse(bytes);
    ASSERT_FALSE(graph);
    EXPECT_EQ(graph.error().code, Code::Unimplemented);
    EXPECT_NE(graph.error().message.find("17"), std::string::npos);
}

TEST(OnnxGraph, RefusesAFileThatIsAllEmptyMessages) {
    // graph { node {} node {} ... }: two bytes each, over a hundred when parsed.
    std::size_t const nodes = 1'000'000;
    Bytes bytes{0x3A, 0x80, 0x89, 0x7A};  // field 7, 2,000,000 bytes
    for (std::size_t i = 0; i < nodes; ++i) bytes.insert(bytes.end(), {0x0A, 0x00});
    auto const graph = OnnxGraph::parse(bytes);
    ASSERT_FALSE(graph);
    EXPECT_EQ(graph.error().code, Code::ResourceExhausted) << graph.error().message;
}

TEST(OnnxGraph, PruneKeepsOnlyWhatTheOutputsNeed) {
    OnnxGraph graph;
    graph.add_input("x", {1, 2});
    graph.add_floats("unused", {1000}, std::vector<float>(1000, 1.0F));
    graph.add_floats("two", {}, {2});
    graph.add_node("Add", {"x", "unused"}, {"aside"});
    graph.add_node("Mul", {"x", "two"}, {"half way"});
    graph.add_node("Neg", {"half way"}, {"end"});
    graph.add_output("half way", {1, 2});
    auto const whole = graph.serialize().size();
    graph.prune();
    auto const pruned = graph.serialize();
    EXPECT_LT(pruned.size(), whole - 3900);
    auto const session = Session::create(pruned);
    ASSERT_TRUE(session) << session.error().message;
    EXPECT_EQ(session->run({{1, 2}, {3, 4}}, {"half way"})->front().values, (std::vector<float>{6, 8}));
}

TEST(OnnxGraph, AScaleBeforeTheInputReadsAnotherOne) {
    OnnxGraph first;
    first.add_input("x", {1, 2, 1, 1});
    first.add_node("Neg", {"x"}, {"y"});
    auto graph = OnnxGraph::parse(first.serialize());
    ASSERT_TRUE(graph) << graph.error().message;
    graph->scale_input("x", "data", {-1, 2, 1, 1}, {2, 10}, {1, -1});
    graph->add_output("y", {-1, 2, 1, 1});
    auto const session = Session::create(graph->serialize());
    ASSERT_TRUE(session) << session.error().message;
    EXPECT_EQ(session->inputs().front().name, "data");
    EXPECT_EQ(session->run({{1, 2, 1, 1}, {3, 4}}, {"y"})->front().values, (std::vector<float>{-7, -39}));
}

}  // namespace
}  // namespace ounce::vision
