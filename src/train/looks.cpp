#include "train/looks.hpp"

#include <algorithm>

namespace ounce::train {

Matrix picked(Look const& look, Pooling pooling) {
    auto const pictures = look.views[0].pooled.rows;
    auto const width = look.views[0].pooled.columns / 3 * (pooling == Pooling::AverageMaximum ? 2 : 1);
    Matrix matrix(pictures * look.views.size(), width);
    for (std::size_t v = 0; v < look.views.size(); ++v)
        for (std::size_t i = 0; i < pictures; ++i)
            std::ranges::copy(pick_pooling(look.views[v].pooled.row(i), pooling),
                              matrix.row(v * pictures + i).begin());
    return matrix;
}

void drop_rows(FeatureTable& table, std::vector<std::uint8_t> const& keep) {
    std::size_t to = 0;
    auto const width = table.pooled.columns;
    for (std::size_t i = 0; i < keep.size(); ++i) {
        if (keep[i] == 0) continue;
        if (to != i) {
            std::ranges::copy(table.pooled.row(i), table.pooled.row(to).begin());
            table.hashes[to] = table.hashes[i];
            table.damaged[to] = table.damaged[i];
            table.errors[to] = table.errors[i];
        }
        ++to;
    }
    table.pooled.rows = to;
    table.pooled.values.resize(to * width);
    table.hashes.resize(to);
    table.damaged.resize(to);
    table.errors.resize(to);
}

void LookBudget::spend(FeatureTable const& table, int side_px) {
    spent_ += table.seconds;
    if (table.computed > 0)
        seconds_per_pixel_ = std::max(seconds_per_pixel_, table.seconds / pixels(side_px, table.computed));
}

}  // namespace ounce::train
