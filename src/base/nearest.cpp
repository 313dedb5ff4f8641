#include "base/nearest.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/result.hpp"

namespace ounce {
namespace {

/// How many single characters must be added, removed or changed.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        auto diagonal = std::exchange(row[0], i + 1);
        for (std::size_t j = 0; j < b.size(); ++j) {
            auto const cost = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({cost, row[j] + 1, diagonal + 1});
        }
    }
    return row.back();
}

}  // namespace

std::string const& nearest(std::string_view name, std::vector<std::string> const& known) {
    OUNCE_CHECK(!known.empty());
    return *std::min_element(known.begin(), known.end(), [&](auto const& a, auto const& b) {
        return distance(name, a) < distance(name, b);
    });
}

}  // namespace ounce
