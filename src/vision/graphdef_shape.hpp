#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace ounce::vision::graphdef {

/// One side of a tensor, or one number of a shape that is computed in the graph: `factor`, or `factor` for
/// each picture of the batch, whose size is not known until the model runs.
struct Side {
    std::int64_t factor = 0;
    bool per_picture = false;

    bool operator==(Side const&) const = default;
};

using Shape = std::vector<Side>;  // in TensorFlow's order, N H W C

inline constexpr std::size_t kRankMax = 8;
/// The most values that one tensor may hold for a picture: 256 MiB of floats. The largest of the real models
/// holds under a million.
inline constexpr std::int64_t kValuesMax = std::int64_t{1} << 26;

/// "?x227x227x3".
std::string describe(Shape const& shape);

/// The product of the sides.
/// Errors: DataLoss for a side below 1; Unimplemented if two sides follow the batch; ResourceExhausted beyond
/// kValuesMax or kRankMax.
Result<Side> count(Shape const& shape);

/// The sides as ONNX wants them: -1 for the one that follows the batch.
std::vector<std::int64_t> onnx_sides(Shape const& shape);

/// The shape of an element-wise operation on both (numpy's rule). Errors: DataLoss if they do not fit.
Result<Shape> broadcast(Shape const& a, Shape const& b);

/// What Reshape makes of `from`: a literal -1 in `to` takes what is left.
/// Errors: DataLoss if the counts do not fit; as count().
Result<Shape> reshape(Shape const& from, Shape const& to);

/// How a window of `size` moves along a side.
struct Window {
    std::int64_t size = 1;
    std::int64_t stride = 1;
    std::int64_t dilation = 1;
};

enum class Padding { Same, Valid, Explicit };

/// The padding before and after a side, and how many windows fit.
struct Placement {
    std::int64_t before = 0;
    std::int64_t after = 0;
    std::int64_t windows = 0;
};

/// TensorFlow's rule. SAME: as many windows as strides fit; what is missing is padded, the odd one after.
/// `before` and `after` of `given` are used by Explicit alone.
/// Errors: DataLoss if no window fits, or for sizes below 1 or above 65,536.
Result<Placement> place(std::int64_t side, Window const& window, Padding padding,
                        Placement const& given = {});

}  // namespace ounce::vision::graphdef
