#pragma once

#include <filesystem>

#include "base/result.hpp"
#include "vision/package.hpp"

namespace ounce::vision {

/// Reads what Azure Custom Vision exports as "TensorFlow": `model.pb` and `labels.txt`. `path` is the
/// model.pb (labels.txt beside it), the folder that holds both, or a .zip with both (in any of its folders).
/// The package that comes back holds the model as ONNX, the labels as tags, custom_vision_recipe() at the
/// graph's input size, no golden images. Multiclass if the graph ends in a softmax, else multilabel.
/// Errors: NotFound if one of the two is missing; DataLoss for a damaged .zip or one with several models;
/// InvalidArgument for malformed labels; as import_graphdef.
Result<Package> read_exported_model(std::filesystem::path const& path);

}  // namespace ounce::vision
