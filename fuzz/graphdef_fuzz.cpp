// TensorFlow graphs: import_graphdef gives a model or an error, whatever the bytes.

#include <string>

#include "proto/graphdef.pb.h"
#include "vision/graphdef.hpp"
#include "vision/onnx_graph.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    using namespace ounce;
    using namespace ounce::vision;
    // The last node is taken for the output: the seeds are written so, and a change there finds other ops.
    ImportOptions options;
    tensorflow_format::GraphDef graph;
    if (size < 1 << 16 && graph.ParseFromArray(data, static_cast<int>(size)) && graph.node_size() > 0)
        options.output = graph.node(graph.node_size() - 1).name();
    auto const imported = import_graphdef({data, size}, options);
    if (imported) OUNCE_CHECK(OnnxGraph::parse(imported->onnx).has_value());
    return 0;
}
