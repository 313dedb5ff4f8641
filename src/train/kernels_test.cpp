#include "train/kernels.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "base/random.hpp"

namespace ounce::train {
namespace {

std::vector<float> numbers(std::size_t count, std::uint64_t seed) {
    Random random(seed);
    std::vector<float> values(count);
    for (auto& value : values) value = static_cast<float>(random.unit() * 2 - 1);
    return values;
}

// Sizes that leave rests in every direction, and none.
struct Sizes {
    std::size_t rows, width, classes;
};
Sizes const kSizes[] = {{1, 1, 1}, {3, 7, 2}, {4, 16, 4}, {5, 33, 7}, {13, 40, 5}, {8, 1280, 6}};

TEST(Kernels, MultiplyTransposedMatchesThePlainLoop) {
    for (auto const& [rows, width, classes] : kSizes) {
        auto const x = numbers(rows * width, 1);
        auto const w = numbers(classes * width, 2);
        std::vector<float> out(rows * classes, -9.0F);
        multiply_transposed(x.data(), rows, width, w.data(), classes, out.data());
        for (std::size_t i = 0; i < rows; ++i) {
            for (std::size_t k = 0; k < classes; ++k) {
                double sum = 0;
                for (std::size_t j = 0; j < width; ++j)
                    sum += static_cast<double>(x[i * width + j]) * static_cast<double>(w[k * width + j]);
                EXPECT_NEAR(out[i * classes + k], sum, 1e-4);
            }
        }
    }
}

TEST(Kernels, MultiplyOuterMatchesThePlainLoop) {
    for (auto const& [rows, width, classes] : kSizes) {
        auto const x = numbers(rows * width, 3);
        auto const r = numbers(rows * classes, 4);
        std::vector<float> out(classes * width, -9.0F);
        multiply_outer(r.data(), x.data(), rows, width, classes, out.data());
        for (std::size_t k = 0; k < classes; ++k) {
            for (std::size_t j = 0; j < width; ++j) {
                double sum = 0;
                for (std::size_t i = 0; i < rows; ++i)
                    sum += static_cast<double>(r[i * classes + k]) * static_cast<double>(x[i * width + j]);
                EXPECT_NEAR(out[k * width + j], sum, 1e-4);
            }
        }
    }
}

TEST(Kernels, DotAndAddScaledMatchThePlainLoop) {
    for (std::size_t const count : {0UL, 1UL, 3UL, 4UL, 9UL, 1280UL}) {
        auto const a = numbers(count, 5);
        auto const b = numbers(count, 6);
        double sum = 0;
        auto added = a;
        for (std::size_t j = 0; j < count; ++j) sum += static_cast<double>(a[j]) * static_cast<double>(b[j]);
        EXPECT_NEAR(dot(a.data(), b.data(), count), sum, 1e-9);
        add_scaled(added.data(), b.data(), 0.5F, count);
        for (std::size_t j = 0; j < count; ++j) EXPECT_NEAR(added[j], a[j] + 0.5F * b[j], 1e-6);
    }
}

}  // namespace
}  // namespace ounce::train
