#include "vision/cell_map.hpp"

#include <cmath>
#include <cstring>

#include "base/processor_clones.hpp"

namespace ounce::vision {
namespace {

constexpr float kTiny = 1e-9F;

using Lanes = float __attribute__((vector_size(32)));
constexpr std::size_t kLanes = 8;

// out[i] = the sum over channels of a[i] * b[i], for each cell i. Two running sums hide the adder's delay.
OUNCE_CLONES
void cell_products(float const* a, float const* b, std::size_t cells, std::size_t channels, float* out) {
    std::size_t const whole = channels - channels % (2 * kLanes);
    for (std::size_t i = 0; i < cells; ++i, a += channels, b += channels) {
        Lanes sums[2] = {};
        for (std::size_t j = 0; j < whole; j += 2 * kLanes) {
            for (std::size_t half = 0; half < 2; ++half) {
                Lanes x;
                Lanes y;
                std::memcpy(&x, a + j + half * kLanes, sizeof x);
                std::memcpy(&y, b + j + half * kLanes, sizeof y);
                sums[half] += x * y;
            }
        }
        float sum = 0;
        for (std::size_t lane = 0; lane < kLanes; ++lane) sum += sums[0][lane] + sums[1][lane];
        for (std::size_t j = whole; j < channels; ++j) sum += a[j] * b[j];
        out[i] = sum;
    }
}

}  // namespace

Result<CellMap> make_cell_map(Tensor const& map) {
    if (map.shape.size() != 4 || map.shape[0] != 1 || map.count() <= 0 ||
        map.count() != static_cast<std::int64_t>(map.values.size()))
        return fail(Code::InvalidArgument, "a feature map must be 1 x channels x rows x columns");
    CellMap made{.columns = static_cast<int>(map.shape[3]),
                 .rows = static_cast<int>(map.shape[2]),
                 .channels = static_cast<int>(map.shape[1]),
                 .values = std::vector<float>(map.values.size()),
                 .inverse_lengths = {}};
    auto const cells = static_cast<std::size_t>(made.rows) * static_cast<std::size_t>(made.columns);
    auto const channels = static_cast<std::size_t>(made.channels);
    for (std::size_t channel = 0; channel < channels; ++channel)
        for (std::size_t cell = 0; cell < cells; ++cell)
            made.values[cell * channels + channel] = map.values[channel * cells + cell];
    made.inverse_lengths.resize(cells);
    cell_products(made.values.data(), made.values.data(), cells, channels, made.inverse_lengths.data());
    for (auto& length : made.inverse_lengths) length = 1 / std::sqrt(length + kTiny);
    return made;
}

std::vector<float> cell_distances(CellMap const& a, CellMap const& b) {
    OUNCE_CHECK(a.columns == b.columns && a.rows == b.rows && a.channels == b.channels);
    std::vector<float> distances(a.cells());
    cell_products(a.values.data(), b.values.data(), a.cells(), static_cast<std::size_t>(a.channels),
                  distances.data());
    for (std::size_t i = 0; i < distances.size(); ++i)
        distances[i] = 1 - distances[i] * (a.inverse_lengths[i] * b.inverse_lengths[i]);
    return distances;
}

}  // namespace ounce::vision
