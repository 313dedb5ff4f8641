#pragma once

#include <vector>

#include "vision/graphdef_builder.hpp"
#include "vision/graphdef_nodes.hpp"

namespace ounce::vision::graphdef {

/// Converts one node whose inputs are converted already: folds it into a constant or adds ONNX nodes.
/// Placeholders are not this function's business (see import_graphdef).
/// Errors: Unimplemented for an op or a variant of it that is not supported; DataLoss where the node does
/// not fit its inputs. Both name node and op.
Result<ValuePtr> convert(tensorflow_format::NodeDef const& node, std::vector<ValuePtr> const& inputs,
                         Builder& builder);

}  // namespace ounce::vision::graphdef
