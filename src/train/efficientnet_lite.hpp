#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "train/torch_weights.hpp"

namespace ounce::train {

/// Writes EfficientNet-Lite (Google, 2020: EfficientNet without squeeze-and-excite, with ReLU6) as ONNX.
/// Lite0 to Lite4 differ in width and depth only; both are read off the weights' names and shapes:
///   _conv_stem + _bn0, _blocks.N: [_expand_conv + _bn0,] _depthwise_conv + _bn1, _project_conv + _bn2,
///   _conv_head + _bn1, _fc.
/// Batch norms are folded into the convolutions, in double. Padding is TensorFlow's SAME: a stride of 2 pads
/// below and to the right first. A stage begins where the output width changes.
/// Input "image" [N,3,H,W]; outputs "middle" [N,112,H/16,W/16] (the fifth stage's end),
/// "map" [N,C,H/32,W/32], "features" [N,C], "imagenet" [N,classes].
/// Deterministic: the same weights give the same bytes, on every machine.
/// Errors: DataLoss naming the weight that is missing, unused or of the wrong shape.
Result<Bytes> build_efficientnet_lite(TorchWeights const& weights);

}  // namespace ounce::train
