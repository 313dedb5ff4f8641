// ONNX models that are continued: parse gives a graph or an error, and what it read it can write and read
// again.

#include "vision/onnx_graph.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    using namespace ounce;
    auto const graph = vision::OnnxGraph::parse({data, size});
    if (!graph) return 0;
    auto const written = graph->serialize();
    auto const again = vision::OnnxGraph::parse(written);
    OUNCE_CHECK(again.has_value());
    OUNCE_CHECK(again->serialize() == written);
    return 0;
}
