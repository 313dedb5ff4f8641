#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "train/linear_head.hpp"
#include "train/pooling.hpp"

namespace ounce::train {

/// The whole model as one ONNX graph: the backbone, how its map is pooled, the head, and softmax or sigmoid.
/// in: "image" N x 3 x side x side.  out: "probabilities" N x tags, and for whoever wants to look deeper
/// "map", "features", "imagenet" and, where there is one, "middle" as the backbone has them. Batches of any
/// size. Top pooling takes the strongest tenth of the cells that `side_px` gives, so such a model is for that
/// side alone; the others run at any side. The same input gives the same bytes. Errors: DataLoss if
/// `backbone` is no ONNX model; InvalidArgument if it has no "map" or the head's width does not fit the
/// pooling.
Result<Bytes> export_model(ByteView backbone, std::size_t channels, int side_px, int stride_px,
                           Pooling pooling, LinearHead const& head);

}  // namespace ounce::train
