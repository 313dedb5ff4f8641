#include "train/kernels.hpp"

#include <algorithm>
#include <cstring>

#include "base/processor_clones.hpp"

namespace ounce::train {
namespace {

using Lanes = float __attribute__((vector_size(32)));
using DoubleLanes = double __attribute__((vector_size(32)));
constexpr std::size_t kLanes = 8;

}  // namespace

// Blocks of 4 rows by 4 classes: 16 running sums fit the registers, and each number loaded is used 4 times.
OUNCE_CLONES
void multiply_transposed(float const* x, std::size_t rows, std::size_t width, float const* w,
                         std::size_t classes, float* out) {
    constexpr std::size_t kBlock = 4;
    std::size_t const whole = width - width % kLanes;
    for (std::size_t k0 = 0; k0 < classes; k0 += kBlock) {
        std::size_t const ks = std::min(kBlock, classes - k0);
        for (std::size_t i0 = 0; i0 < rows; i0 += kBlock) {
            std::size_t const is = std::min(kBlock, rows - i0);
            Lanes sums[kBlock][kBlock] = {};
            // Short blocks read their last row again: no branch inside the loop, the result is not stored.
            float const* xs[kBlock];
            float const* ws[kBlock];
            for (std::size_t b = 0; b < kBlock; ++b) {
                xs[b] = x + (i0 + std::min(b, is - 1)) * width;
                ws[b] = w + (k0 + std::min(b, ks - 1)) * width;
            }
            for (std::size_t j = 0; j < whole; j += kLanes) {
                Lanes xv[kBlock];
                Lanes wv[kBlock];
                for (std::size_t b = 0; b < kBlock; ++b) {
                    std::memcpy(&xv[b], xs[b] + j, sizeof(Lanes));
                    std::memcpy(&wv[b], ws[b] + j, sizeof(Lanes));
                }
#pragma clang loop unroll(full)
                for (std::size_t i = 0; i < kBlock; ++i) {
#pragma clang loop unroll(full)
                    for (std::size_t k = 0; k < kBlock; ++k) sums[i][k] += xv[i] * wv[k];
                }
            }
            for (std::size_t i = 0; i < is; ++i) {
                for (std::size_t k = 0; k < ks; ++k) {
                    float sum = 0;
                    for (std::size_t lane = 0; lane < kLanes; ++lane) sum += sums[i][k][lane];
                    for (std::size_t j = whole; j < width; ++j) sum += xs[i][j] * ws[k][j];
                    out[(i0 + i) * classes + k0 + k] = sum;
                }
            }
        }
    }
}

// A strip of 16 columns of the gradient for 4 classes stays in registers while all rows pass by.
OUNCE_CLONES
void multiply_outer(float const* r, float const* x, std::size_t rows, std::size_t width, std::size_t classes,
                    float* gradient) {
    constexpr std::size_t kBlock = 4;
    constexpr std::size_t kStrip = 2 * kLanes;
    std::size_t const whole = width - width % kStrip;
    for (std::size_t k0 = 0; k0 < classes; k0 += kBlock) {
        std::size_t const ks = std::min(kBlock, classes - k0);
        for (std::size_t j = 0; j < whole; j += kStrip) {
            Lanes sums[kBlock][2] = {};
            for (std::size_t i = 0; i < rows; ++i) {
                Lanes first;
                Lanes second;
                std::memcpy(&first, x + i * width + j, sizeof(Lanes));
                std::memcpy(&second, x + i * width + j + kLanes, sizeof(Lanes));
                float const* const row = r + i * classes + k0;
#pragma clang loop unroll(full)
                for (std::size_t k = 0; k < kBlock; ++k) {
                    float const factor = row[std::min(k, ks - 1)];
                    sums[k][0] += first * factor;
                    sums[k][1] += second * factor;
                }
            }
            for (std::size_t k = 0; k < ks; ++k)
                std::memcpy(gradient + (k0 + k) * width + j, sums[k], sizeof sums[k]);
        }
        for (std::size_t j = whole; j < width; ++j) {
            for (std::size_t k = 0; k < ks; ++k) {
                float sum = 0;
                for (std::size_t i = 0; i < rows; ++i) sum += r[i * classes + k0 + k] * x[i * width + j];
                gradient[(k0 + k) * width + j] = sum;
            }
        }
    }
}

OUNCE_CLONES
double dot(float const* a, float const* b, std::size_t count) {
    using HalfLanes = float __attribute__((vector_size(16)));
    constexpr std::size_t kStep = 4;
    DoubleLanes sums{};
    std::size_t const whole = count - count % kStep;
    for (std::size_t j = 0; j < whole; j += kStep) {
        HalfLanes av;
        HalfLanes bv;
        std::memcpy(&av, a + j, sizeof av);
        std::memcpy(&bv, b + j, sizeof bv);
        sums += __builtin_convertvector(av, DoubleLanes) * __builtin_convertvector(bv, DoubleLanes);
    }
    double sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    for (std::size_t j = whole; j < count; ++j) sum += static_cast<double>(a[j]) * static_cast<double>(b[j]);
    return sum;
}

OUNCE_CLONES
void add_scaled(float* a, float const* b, float scale, std::size_t count) {
    for (std::size_t j = 0; j < count; ++j) a[j] += scale * b[j];
}

}  // namespace ounce::train
