#pragma once

#include <span>
#include <stop_token>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "train/landmarks.hpp"
#include "train/matrix.hpp"
#include "train/split.hpp"
#include "vision/package.hpp"

namespace ounce::train {

enum class Loss {
    Logistic,  // multiclass: softmax cross entropy; multilabel: one logistic regression a tag
    Svm,       // squared hinge, one tag against the rest
};

/// Tags from features: logits = weights * features + bias, on features as they are (nothing to standardise).
struct LinearHead {
    vision::Kind kind = vision::Kind::Multiclass;
    std::size_t classes = 0;
    std::size_t width = 0;
    std::vector<float> weights;  // classes x width
    std::vector<float> bias;     // classes

    /// One row a row of `features` (width columns), one column a class.
    [[nodiscard]] Matrix logits(Matrix const& features) const;
    /// The same head with logits divided by `temperature` (> 0).
    [[nodiscard]] LinearHead cooled(double temperature) const;
};

OrderedJson to_json(LinearHead const& head);
/// Errors: InvalidArgument naming the member; sizes are checked and bounded (1,000 tags, 100,000 features).
Result<LinearHead> parse_linear_head(Json const& json);

/// Softmax (multiclass) or sigmoid (multilabel) of each row, in place.
void to_probabilities(vision::Kind kind, Matrix& logits);

struct HeadOptions {
    vision::Kind kind = vision::Kind::Multiclass;
    Loss loss = Loss::Logistic;
    bool standardise = true;  // false: learns from features as they are, for rows that are about 1 long
    bool balanced = true;     // rare tags count as much as common ones
    double tolerance = 1e-3;  // stop when the gradient has shrunk to this part of the first
    int iterations_max = 150;
    LinearHead const* start = nullptr;  // a head thought to be near, on features as they are; borrowed
    std::stop_token stop{};             // a stopped fit returns what it has
};

/// What is minimised: the weighted mean loss + l2 / 2 * |weights|^2 over standardised rows (each feature to
/// mean 0 and variance 1 / width, so that a row is about 1 long and one `l2` suits any width). Exposed for
/// tests and for reuse; the parameters are classes x width weights, then classes biases.
class HeadObjective {
  public:
    /// `rows` names the rows of `features` to learn from; row r shows picture r % labels.count(), so that
    /// several views of the same pictures may follow one another. Borrows `labels` for its own life.
    HeadObjective(Matrix const& features, std::span<std::size_t const> rows, Labels const& labels,
                  HeadOptions const& options);

    [[nodiscard]] std::size_t parameter_count() const { return classes_ * (width_ + 1); }
    /// The value; `gradient` is filled (parameter_count()).
    double evaluate(std::span<float const> parameters, double l2, std::span<float> gradient);
    /// A guess of one over the curvature along each parameter, where the weights are 0.
    [[nodiscard]] std::vector<float> inverse_curvature(double l2) const;
    /// The head on features as they are, and back.
    [[nodiscard]] LinearHead head(std::span<float const> parameters) const;
    [[nodiscard]] std::vector<float> parameters(LinearHead const& head) const;

  private:
    double losses();  // turns logits in residuals_ into d loss / d logit
    HeadOptions options_;
    std::size_t classes_;
    std::size_t width_;
    Matrix x_;  // standardised
    Standardisation by_;
    std::vector<std::uint8_t> on_;  // rows x classes
    std::vector<float> weight_;  // rows x classes (multilabel, SVM) or rows (softmax); adds up to 1 a problem
    Matrix residuals_;
};

/// A head over standardised features as one over features as they are. `weights`: a row a tag.
LinearHead unstandardised(vision::Kind kind, Standardisation const& by, Matrix const& weights,
                          std::span<float const> bias);

/// Fits one head for each of `l2s`, which go from strong to weak so that each starts from the last (the order
/// is part of the result). L-BFGS in single precision with sums in double; one thread; always the same bits
/// on one machine.
std::vector<LinearHead> fit_heads(Matrix const& features, std::span<std::size_t const> rows,
                                  Labels const& labels, std::span<double const> l2s,
                                  HeadOptions const& options);

}  // namespace ounce::train
