#pragma once

#include <map>
#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "vision/tensor.hpp"

namespace ounce::train {

/// Weights by name, each in row-major order.
using TorchWeights = std::map<std::string, vision::Tensor>;

/// Reads a state dict in the serial format that torch.save wrote before 1.6 (.pth): five pickles (magic
/// number, protocol 1001, system, the dict, the list of storage keys), then for each key a count (int64) and
/// the numbers, little-endian. The dict's tensors are views: storage, offset, size and **stride**; weights
/// that were transposed from TensorFlow are not contiguous, and reading them as if they were gives a network
/// that answers the same for every picture. Whole numbers (num_batches_tracked) are left out.
/// Nothing in the file is executed. Memory is bounded by a small multiple of the file. Any thread.
/// Errors: DataLoss for another format, or where a tensor reaches outside its storage; PermissionDenied for
/// a name in a pickle that a state dict does not need; as read_pickle.
Result<TorchWeights> read_torch_weights(ByteView pth);

}  // namespace ounce::train
