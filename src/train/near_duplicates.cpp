#include "train/near_duplicates.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <numeric>
#include <unordered_map>

#include "train/kernels.hpp"
#include "vision/recipe.hpp"

namespace ounce::train {

std::uint64_t difference_hash(vision::Image const& image) {
    auto const small = vision::resized(image, 9, 8, vision::Recipe::Filter::Triangle);
    std::uint64_t hash = 0;
    for (int y = 0; y < 8; ++y) {
        auto const* const row = small.row(y);
        // Luma of BT.601 in thousandths.
        auto const grey = [row](int x) {
            return row[3 * x] * 299 + row[3 * x + 1] * 587 + row[3 * x + 2] * 114;
        };
        for (int x = 0; x < 8; ++x) hash = hash << 1 | (grey(x) < grey(x + 1) ? 1U : 0U);
    }
    return hash;
}

std::vector<NearDuplicate> find_near_duplicates(std::span<std::uint64_t const> hashes, Matrix const& features,
                                                double likeness_min) {
    constexpr int kBitsMax = 3;
    // Within one bucket, each picture is compared with this many before it, so that a card of equal frames
    // costs a multiple of its size and not its square. Merging needs no more: a chain joins a bucket too.
    constexpr std::size_t kLookBack = 16;
    std::vector<double> lengths(hashes.size());
    for (std::size_t i = 0; i < hashes.size(); ++i) {
        auto const* const row = features.row(i).data();
        lengths[i] = std::sqrt(dot(row, row, features.columns));
    }
    std::vector<NearDuplicate> pairs;
    for (int part = 0; part < 4; ++part) {
        std::unordered_map<std::uint16_t, std::vector<std::size_t>> buckets;
        for (std::size_t i = 0; i < hashes.size(); ++i) {
            auto& bucket = buckets[static_cast<std::uint16_t>(hashes[i] >> (16 * part))];
            auto const from = bucket.size() > kLookBack ? bucket.size() - kLookBack : 0;
            for (auto b = from; b < bucket.size(); ++b) {
                auto const other = bucket[b];
                auto const different = hashes[i] ^ hashes[other];
                if (std::popcount(different) > kBitsMax) continue;
                double const product =
                    dot(features.row(i).data(), features.row(other).data(), features.columns);
                double const size = lengths[i] * lengths[other];
                double const likeness = size > 0 ? product / size : 1;
                if (likeness >= likeness_min) pairs.push_back({other, i, likeness});
            }
            bucket.push_back(i);
        }
    }
    auto const order = [](NearDuplicate const& a, NearDuplicate const& b) {
        return a.first != b.first ? a.first < b.first : a.second < b.second;
    };
    std::ranges::sort(pairs, order);
    auto const same = [](NearDuplicate const& a, NearDuplicate const& b) {
        return a.first == b.first && a.second == b.second;
    };
    pairs.erase(std::unique(pairs.begin(), pairs.end(), same), pairs.end());
    return pairs;
}

std::vector<int> merged_groups(std::span<int const> groups, std::span<NearDuplicate const> pairs) {
    std::vector<std::size_t> parent(groups.size());
    std::iota(parent.begin(), parent.end(), std::size_t{0});
    auto const root = [&](std::size_t i) {
        while (parent[i] != i) i = parent[i] = parent[parent[i]];
        return i;
    };
    auto const join = [&](std::size_t a, std::size_t b) {
        a = root(a);
        b = root(b);
        parent[std::max(a, b)] = std::min(a, b);
    };
    std::map<int, std::size_t> first_of;
    for (std::size_t i = 0; i < groups.size(); ++i)
        if (groups[i] >= 0) join(first_of.try_emplace(groups[i], i).first->second, i);
    for (auto const& pair : pairs) join(pair.first, pair.second);
    std::vector<int> merged(groups.size());
    for (std::size_t i = 0; i < groups.size(); ++i) merged[i] = static_cast<int>(root(i));
    return merged;
}

}  // namespace ounce::train
