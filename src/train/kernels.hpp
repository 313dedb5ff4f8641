#pragma once

#include <cstddef>

namespace ounce::train {

// The loops where training spends its time. Matrices are row-major, without gaps. Each is built twice on
// x86-64 (for any processor, and for those with AVX2 and FMA) and picked when the program starts; the order
// of additions depends only on the sizes, so one machine always gives the same bits. Any thread.

/// out[i][k] = sum over j of x[i][j] * w[k][j].  x: rows x width, w: classes x width, out: rows x classes.
void multiply_transposed(float const* x, std::size_t rows, std::size_t width, float const* w,
                         std::size_t classes, float* out);

/// gradient[k][j] = sum over i of r[i][k] * x[i][j].  r: rows x classes, gradient: classes x width.
void multiply_outer(float const* r, float const* x, std::size_t rows, std::size_t width, std::size_t classes,
                    float* gradient);

/// Sum of a[j] * b[j], added up in double.
double dot(float const* a, float const* b, std::size_t count);

/// a += scale * b.
void add_scaled(float* a, float const* b, float scale, std::size_t count);

}  // namespace ounce::train
