#include "train/landmarks.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include "train/kernels.hpp"

namespace ounce::train {
namespace {

/// A landmark must add this part of its own length (squared) to what the others see.
constexpr double kNewPartMin = 1e-3;

/// x * y^T, in strips of x that stay in the cache while all of y passes by.
Matrix products(Matrix const& x, Matrix const& y) {
    constexpr std::size_t kStrip = 64;
    Matrix out(x.rows, y.rows);
    for (std::size_t i = 0; i < x.rows; i += kStrip)
        multiply_transposed(x.row(i).data(), std::min(kStrip, x.rows - i), x.columns, y.values.data(), y.rows,
                            out.row(i).data());
    return out;
}

Matrix standardised(Matrix const& features, std::span<std::size_t const> rows, Standardisation const& by) {
    Matrix out(rows.size(), features.columns);
    for (std::size_t i = 0; i < rows.size(); ++i) by.apply(features.row(rows[i]), out.row(i));
    return out;
}

/// The landmarks worth keeping, and the inverse of the Cholesky factor of their products.
std::pair<Matrix, Matrix> frame_of(Matrix const& landmarks) {
    auto const gram = products(landmarks, landmarks);
    std::vector<std::size_t> kept;
    std::vector<std::vector<double>> factor;  // a row each kept landmark
    for (std::size_t p = 0; p < landmarks.rows; ++p) {
        std::vector<double> row;
        auto left = static_cast<double>(gram.row(p)[p]);
        double const least = left * kNewPartMin;
        for (std::size_t q = 0; q < kept.size(); ++q) {
            auto value = static_cast<double>(gram.row(p)[kept[q]]);
            for (std::size_t t = 0; t < q; ++t) value -= row[t] * factor[q][t];
            row.push_back(value / factor[q][q]);
            left -= row[q] * row[q];
        }
        bool const last = p + 1 == landmarks.rows;
        if (!(left > least) || !(left > 1e-12)) {
            if (!last || !kept.empty()) continue;
            left = 1;  // pictures that are all alike: one coordinate, 0 for all of them
            row.clear();
        }
        row.push_back(std::sqrt(left));
        factor.push_back(std::move(row));
        kept.push_back(p);
    }
    Matrix chosen(kept.size(), landmarks.columns);
    Matrix inverse_factor(kept.size(), kept.size());
    std::vector<std::vector<double>> inverse(kept.size());
    for (std::size_t p = 0; p < kept.size(); ++p) {
        std::ranges::copy(landmarks.row(kept[p]), chosen.row(p).begin());
        auto& row = inverse[p];
        row.assign(p + 1, 0);
        for (std::size_t t = 0; t < p; ++t)
            for (std::size_t j = 0; j <= t; ++j) row[j] -= factor[p][t] * inverse[t][j];
        row[p] = 1;
        for (std::size_t j = 0; j <= p; ++j) {
            row[j] /= factor[p][p];
            inverse_factor.row(p)[j] = static_cast<float>(row[j]);
        }
    }
    return {std::move(chosen), std::move(inverse_factor)};
}

}  // namespace

Standardisation as_they_are(std::size_t width) {
    return {std::vector<float>(width, 0.0F), std::vector<float>(width, 1.0F)};
}

Standardisation standardisation(Matrix const& features, std::span<std::size_t const> rows) {
    auto const width = features.columns;
    auto const n = static_cast<double>(rows.size());
    std::vector<double> sum(width, 0);
    std::vector<double> square(width, 0);
    for (auto const r : rows) {
        auto const row = features.row(r);
        for (std::size_t j = 0; j < width; ++j) sum[j] += static_cast<double>(row[j]);
    }
    for (std::size_t j = 0; j < width; ++j) sum[j] /= n;
    for (auto const r : rows) {
        auto const row = features.row(r);
        for (std::size_t j = 0; j < width; ++j) {
            double const away = static_cast<double>(row[j]) - sum[j];
            square[j] += away * away;
        }
    }
    double mean_variance = 0;
    for (auto& value : square) mean_variance += (value /= n) / static_cast<double>(width);
    // A feature that hardly ever moves must not be blown up to the size of the others: it would be noise.
    double const floor = std::max(mean_variance * 0.01, 1e-12);
    Standardisation result{std::vector<float>(width), std::vector<float>(width)};
    for (std::size_t j = 0; j < width; ++j) {
        result.mean[j] = static_cast<float>(sum[j]);
        result.scale[j] =
            static_cast<float>(1 / std::sqrt(std::max(square[j], floor) * static_cast<double>(width)));
    }
    return result;
}

SeenFromLandmarks see_from_landmarks(Matrix const& features, std::span<std::size_t const> learn,
                                     std::span<std::size_t const> ask, std::size_t landmarks_max,
                                     bool standardise) {
    auto const by = standardise ? standardisation(features, learn) : as_they_are(features.columns);
    auto const learn_rows = standardised(features, learn, by);
    auto const count = std::min(landmarks_max, learn_rows.rows);
    Matrix landmarks(count, features.columns);
    for (std::size_t p = 0; p < count; ++p)
        std::ranges::copy(learn_rows.row(p * learn_rows.rows / count), landmarks.row(p).begin());
    SeenFromLandmarks seen{.by = by, .landmarks = {}, .inverse = {}, .learn = {}, .ask = {}};
    std::tie(seen.landmarks, seen.inverse) = frame_of(landmarks);
    seen.learn = products(products(learn_rows, seen.landmarks), seen.inverse);
    seen.ask = products(products(standardised(features, ask, by), seen.landmarks), seen.inverse);
    return seen;
}

Matrix SeenFromLandmarks::lifted(Matrix const& weights) const {
    // A coordinate is a row of `inverse` times the landmarks, and so is what its weight stands for.
    Matrix out(weights.rows, landmarks.columns);
    std::vector<float> mixture(landmarks.rows);
    for (std::size_t k = 0; k < weights.rows; ++k) {
        std::ranges::fill(mixture, 0.0F);
        for (std::size_t t = 0; t < landmarks.rows; ++t)
            add_scaled(mixture.data(), inverse.row(t).data(), weights.row(k)[t], t + 1);
        for (std::size_t t = 0; t < landmarks.rows; ++t)
            add_scaled(out.row(k).data(), landmarks.row(t).data(), mixture[t], landmarks.columns);
    }
    return out;
}

}  // namespace ounce::train
