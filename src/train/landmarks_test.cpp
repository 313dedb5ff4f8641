#include "train/landmarks.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "base/random.hpp"
#include "train/kernels.hpp"

namespace ounce::train {
namespace {

Matrix noise(std::size_t rows, std::size_t columns) {
    Random random(7);
    Matrix matrix(rows, columns);
    for (auto& value : matrix.values) value = static_cast<float>(random.unit());
    return matrix;
}

std::vector<std::size_t> numbers(std::size_t from, std::size_t to) {
    std::vector<std::size_t> rows(to - from);
    std::iota(rows.begin(), rows.end(), from);
    return rows;
}

float product(Matrix const& a, std::size_t i, Matrix const& b, std::size_t j) {
    return static_cast<float>(dot(a.row(i).data(), b.row(j).data(), a.columns));
}

TEST(SeeFromLandmarks, AllRowsAsLandmarksKeepEveryLengthAndAngle) {
    auto const features = noise(40, 100);
    auto const learn = numbers(0, 30);
    auto const ask = numbers(30, 40);
    auto const seen = see_from_landmarks(features, learn, ask);
    Matrix plain(40, 100);
    for (std::size_t i = 0; i < 40; ++i) seen.by.apply(features.row(i), plain.row(i));
    for (std::size_t i = 0; i < 30; ++i) {
        for (std::size_t j = 0; j < 30; ++j)
            EXPECT_NEAR(product(seen.learn, i, seen.learn, j), product(plain, i, plain, j), 2e-3);
        for (std::size_t j = 0; j < 10; ++j)
            EXPECT_NEAR(product(seen.learn, i, seen.ask, j), product(plain, i, plain, 30 + j), 2e-3);
    }
}

TEST(SeeFromLandmarks, WeightsMeanTheSameAfterLifting) {
    auto const features = noise(60, 50);
    auto const learn = numbers(0, 50);
    auto const seen = see_from_landmarks(features, learn, numbers(50, 60), 20);
    ASSERT_LE(seen.learn.columns, 20U);
    auto const weights = noise(3, seen.learn.columns);
    auto const lifted = seen.lifted(weights);
    Matrix row(1, 50);
    for (std::size_t i = 0; i < 10; ++i) {
        seen.by.apply(features.row(50 + i), row.row(0));
        for (std::size_t k = 0; k < 3; ++k)
            EXPECT_NEAR(product(seen.ask, i, weights, k), product(row, 0, lifted, k), 1e-3);
    }
}

TEST(SeeFromLandmarks, EqualPicturesMakeOneLandmark) {
    Matrix features(20, 8);
    for (std::size_t i = 0; i < 20; ++i) features.row(i)[i % 2] = 1;
    auto const seen = see_from_landmarks(features, numbers(0, 20), numbers(0, 2));
    EXPECT_EQ(seen.landmarks.rows, 1U);  // two kinds, centred: one direction
}

TEST(SeeFromLandmarks, PicturesAskedAboutChangeNothing) {
    auto features = noise(30, 16);
    auto const learn = numbers(0, 20);
    auto const before = see_from_landmarks(features, learn, numbers(20, 30));
    for (std::size_t i = 20; i < 30; ++i) std::ranges::fill(features.row(i), 100.0F);
    EXPECT_EQ(see_from_landmarks(features, learn, numbers(20, 30)).learn.values, before.learn.values);
}

}  // namespace
}  // namespace ounce::train
