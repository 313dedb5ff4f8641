#include "train/linear_head.hpp"

#include <algorithm>
#include <cmath>
#include <deque>

#include "train/kernels.hpp"

namespace ounce::train {
namespace {

constexpr std::size_t kClassesMax = 1000;
constexpr std::size_t kWidthMax = 100'000;
constexpr std::size_t kMemory = 12;  // steps L-BFGS remembers

/// log(1 + exp(z)) without overflow.
double softplus(double z) {
    return std::max(z, 0.0) + std::log1p(std::exp(-std::abs(z)));
}

double sigmoid(double z) {
    return z >= 0 ? 1 / (1 + std::exp(-z)) : std::exp(z) / (1 + std::exp(z));
}

/// Two-loop recursion of L-BFGS (Nocedal and Wright, Numerical Optimization, algorithm 7.4).
class StepMemory {
  public:
    void remember(std::vector<float> step, std::vector<float> change, std::span<float const> diagonal) {
        double const curvature = dot(step.data(), change.data(), step.size());
        if (!(curvature > 1e-12 * std::sqrt(dot(step.data(), step.data(), step.size()) *
                                            dot(change.data(), change.data(), step.size()))))
            return;  // rounding noise: not a direction to trust
        if (pairs_.size() == kMemory) pairs_.pop_front();
        double guessed = 0;
        for (std::size_t i = 0; i < change.size(); ++i) {
            auto const value = static_cast<double>(change[i]);
            guessed += value * value * static_cast<double>(diagonal[i]);
        }
        pairs_.push_back({std::move(step), std::move(change), curvature, guessed});
    }
    /// Turns a gradient into a direction to go down, in place.
    /// `diagonal` is a guess of the inverse curvature, a number each parameter.
    void apply(std::vector<float>& v, std::span<float const> diagonal) const {
        std::vector<double> alpha(pairs_.size());
        for (std::size_t i = pairs_.size(); i-- > 0;) {
            alpha[i] = dot(pairs_[i].step.data(), v.data(), v.size()) / pairs_[i].curvature;
            add_scaled(v.data(), pairs_[i].change.data(), static_cast<float>(-alpha[i]), v.size());
        }
        double scale = 1;
        if (!pairs_.empty()) scale = pairs_.back().curvature / pairs_.back().guessed;
        for (std::size_t i = 0; i < v.size(); ++i) v[i] *= static_cast<float>(-scale) * diagonal[i];
        for (std::size_t i = 0; i < pairs_.size(); ++i) {
            // v is the negated result here, so the sign of beta is turned too.
            double const beta = -dot(pairs_[i].change.data(), v.data(), v.size()) / pairs_[i].curvature;
            add_scaled(v.data(), pairs_[i].step.data(), static_cast<float>(beta - alpha[i]), v.size());
        }
    }
    void forget() { pairs_.clear(); }
    [[nodiscard]] bool empty() const { return pairs_.empty(); }

  private:
    struct Pair {
        std::vector<float> step;
        std::vector<float> change;
        double curvature;  // step * change
        double guessed;    // change * diagonal * change
    };
    std::deque<Pair> pairs_;
};

/// Minimises `objective` from `parameters`, in place.
void minimise(HeadObjective& objective, double l2, HeadOptions const& options,
              std::vector<float>& parameters) {
    auto const count = objective.parameter_count();
    std::vector<float> gradient(count);
    std::vector<float> at_zero(count);
    objective.evaluate(std::vector<float>(count, 0.0F), l2, at_zero);
    double const enough = options.tolerance * std::sqrt(dot(at_zero.data(), at_zero.data(), count));
    double value = objective.evaluate(parameters, l2, gradient);
    auto const diagonal = objective.inverse_curvature(l2);
    StepMemory memory;
    std::vector<float> next(count);
    std::vector<float> next_gradient(count);
    for (int iteration = 0; iteration < options.iterations_max && !options.stop.stop_requested();
         ++iteration) {
        if (std::sqrt(dot(gradient.data(), gradient.data(), count)) <= enough) return;
        auto direction = gradient;
        memory.apply(direction, diagonal);
        double const slope = dot(direction.data(), gradient.data(), count);
        if (!(slope < 0)) {
            if (memory.empty()) return;
            memory.forget();
            continue;
        }
        double step = 1;
        double next_value = value;
        bool found = false;
        // The gradient is in single precision: below this the value is noise, and no step could be told
        // better.
        double const noise = 2e-7 * std::abs(value);
        for (int attempt = 0; attempt < 10 && !found; ++attempt, step *= 0.5) {
            next = parameters;
            add_scaled(next.data(), direction.data(), static_cast<float>(step), count);
            next_value = objective.evaluate(next, l2, next_gradient);
            found = next_value <= value + 1e-4 * step * slope + noise;
        }
        if (!found) {
            if (memory.empty()) return;  // single precision can do no better
            memory.forget();
            continue;
        }
        std::vector<float> moved = next;
        add_scaled(moved.data(), parameters.data(), -1.0F, count);
        std::vector<float> change = next_gradient;
        add_scaled(change.data(), gradient.data(), -1.0F, count);
        memory.remember(std::move(moved), std::move(change), diagonal);
        parameters.swap(next);
        gradient.swap(next_gradient);
        value = next_value;
    }
}

Result<std::vector<float>> floats(Json const& json, char const* key, std::size_t count) {
    TRY(auto values, json_member<std::vector<float>>(json, key));
    if (values.size() != count)
        return fail(Code::InvalidArgument, "'{}' has {} numbers instead of {}", key, values.size(), count);
    for (float const value : values)
        if (!std::isfinite(value))
            return fail(Code::InvalidArgument, "'{}' holds a number beyond range", key);
    return values;
}

}  // namespace

Matrix LinearHead::logits(Matrix const& features) const {
    OUNCE_CHECK(features.columns == width);
    Matrix out(features.rows, classes);
    multiply_transposed(features.values.data(), features.rows, width, weights.data(), classes,
                        out.values.data());
    for (std::size_t i = 0; i < out.rows; ++i) add_scaled(out.row(i).data(), bias.data(), 1, classes);
    return out;
}

LinearHead LinearHead::cooled(double temperature) const {
    OUNCE_CHECK(temperature > 0);
    auto result = *this;
    auto const factor = static_cast<float>(1 / temperature);
    for (auto& value : result.weights) value *= factor;
    for (auto& value : result.bias) value *= factor;
    return result;
}

OrderedJson to_json(LinearHead const& head) {
    return {{"kind", head.kind == vision::Kind::Multiclass ? "multiclass" : "multilabel"},
            {"classes", head.classes},
            {"width", head.width},
            {"bias", head.bias},
            {"weights", head.weights}};
}

Result<LinearHead> parse_linear_head(Json const& json) {
    LinearHead head;
    TRY(auto const kind, json_member<std::string>(json, "kind"));
    if (kind != "multiclass" && kind != "multilabel")
        return fail(Code::InvalidArgument, "'kind' is '{}', not multiclass or multilabel", kind);
    head.kind = kind == "multiclass" ? vision::Kind::Multiclass : vision::Kind::Multilabel;
    TRY(auto const classes, json_member<std::int64_t>(json, "classes"));
    TRY(auto const width, json_member<std::int64_t>(json, "width"));
    if (classes < 1 || classes > static_cast<std::int64_t>(kClassesMax))
        return fail(Code::InvalidArgument, "'classes' must be 1 to {}", kClassesMax);
    if (width < 1 || width > static_cast<std::int64_t>(kWidthMax))
        return fail(Code::InvalidArgument, "'width' must be 1 to {}", kWidthMax);
    head.classes = static_cast<std::size_t>(classes);
    head.width = static_cast<std::size_t>(width);
    TRY(head.bias, floats(json, "bias", head.classes));
    TRY(head.weights, floats(json, "weights", head.classes * head.width));
    return head;
}

void to_probabilities(vision::Kind kind, Matrix& logits) {
    for (std::size_t i = 0; i < logits.rows; ++i) {
        auto const row = logits.row(i);
        if (kind == vision::Kind::Multilabel) {
            for (auto& value : row) value = static_cast<float>(sigmoid(static_cast<double>(value)));
            continue;
        }
        double const largest = static_cast<double>(*std::ranges::max_element(row));
        double sum = 0;
        for (auto const value : row) sum += std::exp(static_cast<double>(value) - largest);
        for (auto& value : row)
            value = static_cast<float>(std::exp(static_cast<double>(value) - largest) / sum);
    }
}

HeadObjective::HeadObjective(Matrix const& features, std::span<std::size_t const> rows, Labels const& labels,
                             HeadOptions const& options)
    : options_(options),
      classes_(labels.classes),
      width_(features.columns),
      x_(rows.size(), features.columns),
      on_(rows.size() * labels.classes),
      residuals_(rows.size(), labels.classes) {
    OUNCE_CHECK(!rows.empty() && classes_ > 0 && width_ > 0);
    auto const n = static_cast<double>(rows.size());
    by_ = options_.standardise ? standardisation(features, rows) : as_they_are(width_);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        by_.apply(features.row(rows[i]), x_.row(i));
        for (std::size_t k = 0; k < classes_; ++k)
            on_[i * classes_ + k] = labels.has(rows[i] % labels.count(), k) ? 1 : 0;
    }

    std::vector<double> totals(classes_, 0);
    for (std::size_t i = 0; i < on_.size(); ++i) totals[i % classes_] += on_[i];
    bool const softmax = options_.kind == vision::Kind::Multiclass && options_.loss == Loss::Logistic;
    if (softmax) {
        double present = 0;
        for (double const total : totals) present += total > 0 ? 1 : 0;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            std::size_t k = 0;
            while (k + 1 < classes_ && on_[i * classes_ + k] == 0) ++k;
            weight_.push_back(
                static_cast<float>(options_.balanced && totals[k] > 0 ? 1 / (present * totals[k]) : 1 / n));
        }
    } else {
        for (std::size_t i = 0; i < on_.size(); ++i) {
            double const same = on_[i] != 0 ? totals[i % classes_] : n - totals[i % classes_];
            bool const both = totals[i % classes_] > 0 && totals[i % classes_] < n;
            weight_.push_back(static_cast<float>(options_.balanced && both ? 0.5 / same : 1 / n));
        }
    }
}

double HeadObjective::losses() {
    double total = 0;
    auto& z = residuals_.values;
    if (options_.kind == vision::Kind::Multiclass && options_.loss == Loss::Logistic) {
        for (std::size_t i = 0; i < residuals_.rows; ++i) {
            auto const row = residuals_.row(i);
            auto const weight = static_cast<double>(weight_[i]);
            auto const* const on = &on_[i * classes_];
            double const largest = static_cast<double>(*std::ranges::max_element(row));
            double sum = 0;
            double right = largest;
            for (std::size_t k = 0; k < classes_; ++k) {
                if (on[k] != 0) right = static_cast<double>(row[k]);
                double const e = std::exp(static_cast<double>(row[k]) - largest);
                sum += e;
                row[k] = static_cast<float>(e);
            }
            total += weight * (std::log(sum) + largest - right);
            for (std::size_t k = 0; k < classes_; ++k)
                row[k] = static_cast<float>(weight * (static_cast<double>(row[k]) / sum - on[k]));
        }
    } else if (options_.loss == Loss::Logistic) {
        for (std::size_t i = 0; i < z.size(); ++i) {
            auto const value = static_cast<double>(z[i]);
            auto const weight = static_cast<double>(weight_[i]);
            total += weight * softplus(on_[i] != 0 ? -value : value);
            z[i] = static_cast<float>(weight * (sigmoid(value) - on_[i]));
        }
    } else {
        for (std::size_t i = 0; i < z.size(); ++i) {
            double const sign = on_[i] != 0 ? 1 : -1;
            double const short_by = std::max(0.0, 1 - sign * static_cast<double>(z[i]));
            auto const weight = static_cast<double>(weight_[i]);
            total += weight * short_by * short_by;
            z[i] = static_cast<float>(-2 * weight * sign * short_by);
        }
    }
    return total;
}

double HeadObjective::evaluate(std::span<float const> parameters, double l2, std::span<float> gradient) {
    OUNCE_CHECK(parameters.size() == parameter_count() && gradient.size() == parameter_count());
    auto const weights = classes_ * width_;
    multiply_transposed(x_.values.data(), x_.rows, width_, parameters.data(), classes_,
                        residuals_.values.data());
    for (std::size_t i = 0; i < residuals_.rows; ++i)
        for (std::size_t k = 0; k < classes_; ++k) residuals_.row(i)[k] += parameters[weights + k];
    double const loss = losses();
    multiply_outer(residuals_.values.data(), x_.values.data(), x_.rows, width_, classes_, gradient.data());
    add_scaled(gradient.data(), parameters.data(), static_cast<float>(l2), weights);
    std::vector<double> bias(classes_, 0);
    for (std::size_t i = 0; i < residuals_.values.size(); ++i)
        bias[i % classes_] += static_cast<double>(residuals_.values[i]);
    for (std::size_t k = 0; k < classes_; ++k) gradient[weights + k] = static_cast<float>(bias[k]);
    return loss + 0.5 * l2 * dot(parameters.data(), parameters.data(), weights);
}

std::vector<float> HeadObjective::inverse_curvature(double l2) const {
    // The second derivative of the loss by a logit: p * (1 - p) where all tags are still equally likely, 2
    // for the squared hinge. Weights add up to 1, so that a column counts with its mean square.
    double slope = options_.loss == Loss::Svm ? 2 : 0.25;
    if (options_.loss == Loss::Logistic && options_.kind == vision::Kind::Multiclass && classes_ > 1)
        slope = (1 - 1 / static_cast<double>(classes_)) / static_cast<double>(classes_);
    std::vector<double> squares(width_, 0);
    for (std::size_t i = 0; i < x_.rows; ++i) {
        auto const row = x_.row(i);
        for (std::size_t j = 0; j < width_; ++j)
            squares[j] += static_cast<double>(row[j]) * static_cast<double>(row[j]);
    }
    std::vector<float> inverse(parameter_count(), static_cast<float>(1 / slope));
    for (std::size_t j = 0; j < width_; ++j) {
        auto const guess = 1 / (slope * squares[j] / static_cast<double>(x_.rows) + l2);
        for (std::size_t k = 0; k < classes_; ++k) inverse[k * width_ + j] = static_cast<float>(guess);
    }
    return inverse;
}

LinearHead HeadObjective::head(std::span<float const> parameters) const {
    Matrix weights(classes_, width_);
    std::copy_n(parameters.begin(), weights.values.size(), weights.values.begin());
    return unstandardised(options_.kind, by_, weights, parameters.subspan(weights.values.size()));
}

std::vector<float> HeadObjective::parameters(LinearHead const& head) const {
    OUNCE_CHECK(head.classes == classes_ && head.width == width_);
    std::vector<float> result(parameter_count());
    for (std::size_t k = 0; k < classes_; ++k) {
        double bias = static_cast<double>(head.bias[k]);
        for (std::size_t j = 0; j < width_; ++j) {
            auto const weight = head.weights[k * width_ + j];
            result[k * width_ + j] = weight / by_.scale[j];
            bias += static_cast<double>(weight) * static_cast<double>(by_.mean[j]);
        }
        result[classes_ * width_ + k] = static_cast<float>(bias);
    }
    return result;
}

LinearHead unstandardised(vision::Kind kind, Standardisation const& by, Matrix const& weights,
                          std::span<float const> bias) {
    LinearHead head{kind, weights.rows, weights.columns, weights.values,
                    std::vector<float>(bias.begin(), bias.end())};
    for (std::size_t k = 0; k < head.classes; ++k) {
        double shift = static_cast<double>(head.bias[k]);
        for (std::size_t j = 0; j < head.width; ++j) {
            auto& weight = head.weights[k * head.width + j];
            weight *= by.scale[j];
            shift -= static_cast<double>(weight) * static_cast<double>(by.mean[j]);
        }
        head.bias[k] = static_cast<float>(shift);
    }
    return head;
}

std::vector<LinearHead> fit_heads(Matrix const& features, std::span<std::size_t const> rows,
                                  Labels const& labels, std::span<double const> l2s,
                                  HeadOptions const& options) {
    HeadObjective objective(features, rows, labels, options);
    std::vector<float> parameters(objective.parameter_count(), 0.0F);
    if (options.start != nullptr) parameters = objective.parameters(*options.start);
    std::vector<LinearHead> heads;
    for (double const l2 : l2s) {
        minimise(objective, l2, options, parameters);
        heads.push_back(objective.head(parameters));
    }
    return heads;
}

}  // namespace ounce::train
