#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "vision/graphdef_shape.hpp"

namespace ounce::vision::tensorflow_format {
class Tensor;
}

namespace ounce::vision::graphdef {

/// A tensor that does not depend on the picture: weights, axes, shapes. Either floats or whole numbers; a
/// whole number may follow the batch (what the op Shape gives).
struct Constant {
    std::vector<std::int64_t> sides;
    bool whole = false;
    std::vector<float> floats;
    std::vector<Side> numbers;

    [[nodiscard]] std::size_t size() const { return whole ? numbers.size() : floats.size(); }
    [[nodiscard]] Shape shape() const;
};

/// How many values all constants of one import may hold together. A few bytes of a hostile file can ask for
/// billions (one value that fills a shape, broadcasting); a real file carries its weights itself.
class Budget {
  public:
    explicit Budget(std::size_t values) : left_(values) {}
    /// Errors: ResourceExhausted when used up.
    Status take(std::size_t values);

  private:
    std::size_t left_;
};

/// Reads a tensor of a Const node: float, double, int32 or int64.
/// Errors: DataLoss if its content does not fit its shape; Unimplemented for another type; as Budget.
Result<Constant> read_constant(tensorflow_format::Tensor const& tensor, Budget& budget);

/// The whole numbers of a scalar or vector, none of which may follow the batch.
/// Errors: DataLoss if it holds something else.
Result<std::vector<std::int64_t>> whole_numbers(Constant const& constant);

/// The same values in another shape of the same count (broken invariant otherwise).
Constant with_sides(Constant constant, std::vector<std::int64_t> sides);

/// Output axis i is input axis order[i], a permutation (broken invariant otherwise).
Result<Constant> transposed(Constant const& constant, std::vector<std::size_t> const& order, Budget& budget);

/// Along each axis the elements of the given indexes, all within the axis (broken invariant otherwise).
Result<Constant> gathered(Constant const& constant, std::vector<std::vector<std::int64_t>> const& indexes,
                          Budget& budget);

/// Errors: DataLoss if the parts do not fit together along `axis`.
Result<Constant> concatenated(std::vector<Constant const*> const& parts, std::size_t axis, Budget& budget);

/// `op` is TensorFlow's name: Rsqrt, Sqrt, Neg, Relu, Relu6, Sigmoid.
/// Errors: Unimplemented for another, or for whole numbers.
Result<Constant> fold(std::string_view op, Constant const& value, Budget& budget);

/// Add, AddV2, Sub, Mul, RealDiv, Maximum, Minimum. Errors: Unimplemented for another, or for a number that
/// follows the batch in anything but a product; DataLoss if the two do not fit together.
Result<Constant> fold(std::string_view op, Constant const& a, Constant const& b, Budget& budget);

}  // namespace ounce::vision::graphdef
