#pragma once

#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace ounce::vision {

/// An ONNX model made from a frozen TensorFlow graph, with the names that its caller needs.
struct ImportedGraph {
    Bytes onnx;
    std::string input;   // ONNX input, N x H x W x C as in TensorFlow; float32
    std::string output;  // N x classes
    int height_px = 0;   // of the input
    int width_px = 0;
};

struct ImportOptions {
    std::string input = "Placeholder";  // TensorFlow node names; ":0" may follow
    std::string output = "loss";
    std::vector<std::string> more_outputs;  // further nodes to expose, for example "fc/fc"
};

/// Converts a frozen GraphDef (graph.proto of TensorFlow 1.x/2.x, as Azure Custom Vision exports `model.pb`).
/// Ops: Const Identity Placeholder Conv2D DepthwiseConv2dNative BiasAdd MatMul Add AddV2 Sub Mul RealDiv
/// Rsqrt Sqrt Neg Maximum Minimum Relu Relu6 Sigmoid Softmax MaxPool AvgPool Mean ConcatV2 Concat Reshape
/// Squeeze ExpandDims Pad PadV2 FusedBatchNorm(V2,V3) Shape StridedSlice Pack Cast Transpose, as far as
/// inference in NHWC needs them. Errors: DataLoss if it is no GraphDef; NotFound if a named node is missing;
/// Unimplemented naming op and node. Hostile files give an error, never a crash or more memory than a small
/// multiple of the file. Any thread.
Result<ImportedGraph> import_graphdef(ByteView model_pb, ImportOptions const& options = {});

}  // namespace ounce::vision
