#pragma once

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "project/guid.hpp"
#include "vision/package.hpp"

namespace ounce::project {

/// The model of a package as others read it: one input "data" (1 x 3 x H x W, RGB, 0..255: the recipe's
/// scaling is inside), one output "model_output" (1 x tags), and how to prepare a picture as metadata
/// (custom-vision-api.md section 9). Pure.
/// Errors: Unimplemented for a recipe that cannot be said so; as vision::OnnxGraph::parse.
Result<Bytes> onnx_model(vision::Package const& package);

/// The .zip that clients expect: model.onnx, labels.txt, cvexport.manifest, metadata_properties.json.
/// Errors: as onnx_model.
Result<Bytes> export_onnx(vision::Package const& package, Guid const& iteration, Time now);

}  // namespace ounce::project
