#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace ounce::train {

/// Numbers in rows, row-major: a picture's features or logits a row. Owns them.
struct Matrix {
    std::size_t rows = 0;
    std::size_t columns = 0;
    std::vector<float> values;

    Matrix() = default;
    Matrix(std::size_t row_count, std::size_t column_count)
        : rows(row_count), columns(column_count), values(row_count * column_count, 0.0F) {}

    [[nodiscard]] std::span<float const> row(std::size_t i) const { return {&values[i * columns], columns}; }
    [[nodiscard]] std::span<float> row(std::size_t i) { return {&values[i * columns], columns}; }
};

}  // namespace ounce::train
