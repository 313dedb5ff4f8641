// heads PICTURES OUT [SEEDS [CACHE]]: what our heads answer for photographs that they did not learn from, and
// the very features, splits and groups, as .npy files for bench/heads_vs_sklearn.py. For each seed, five
// outer parts (groups apart) are left out in turn; all that is chosen is chosen inside the other four.

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <numeric>

#include "base/parallel.hpp"
#include "train/cross_validation.hpp"
#include "train/trainer.hpp"

namespace {

using namespace ounce;
using namespace ounce::train;

constexpr int kOuterFolds = 5;
constexpr std::size_t kPicturesMin = 3;  // of a tag: the sets compared are small

template <class T>
void write_npy(std::filesystem::path const& path, char const* type, std::span<T const> values,
               std::size_t rows, std::size_t columns) {
    auto header =
        fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}, {}), }}", type, rows, columns);
    header.append(63 - (10 + header.size()) % 64, ' ');
    header += '\n';
    std::ofstream file(path, std::ios::binary);
    file.write("\x93NUMPY\x01\x00", 8);
    auto const length = static_cast<std::uint16_t>(header.size());
    file.put(static_cast<char>(length & 0xff)).put(static_cast<char>(length >> 8));
    file << header;
    file.write(reinterpret_cast<char const*>(values.data()),
               static_cast<std::streamsize>(values.size_bytes()));
}

Labels only(Labels const& labels, std::vector<std::size_t> const& rows) {
    Labels some{.classes = labels.classes, .on = {}};
    for (auto const r : rows)
        for (std::size_t k = 0; k < labels.classes; ++k) some.on.push_back(labels.has(r, k) ? 1 : 0);
    return some;
}

Matrix only(Matrix const& matrix, std::vector<std::size_t> const& rows) {
    Matrix some(rows.size(), matrix.columns);
    for (std::size_t i = 0; i < rows.size(); ++i) std::ranges::copy(matrix.row(rows[i]), some.row(i).begin());
    return some;
}

Status run(std::filesystem::path const& from, std::filesystem::path const& out, std::uint64_t seeds,
           std::filesystem::path const& cache_folder) {
    CacheOptions cache{.folder = cache_folder};
    TRY(auto listing, list_pictures(from));
    int const threads = processor_count();
    TRY(auto const identities, identify_pictures(listing, false, cache, threads, {}, {}));
    TRY(auto const dataset, number_tags(listing.pictures, vision::Kind::Multiclass, "", kPicturesMin));
    std::string source;
    auto const groups = known_groups(listing, identities, source);
    std::vector<PictureFile> files;
    for (std::size_t i = 0; i < identities.size(); ++i)
        files.push_back({listing.pictures[i].path, identities[i].sha256});
    if (!cache.folder.empty()) cache.folder /= "features";
    FeatureExtractor extractor(backbone_catalogue().front(), cache, threads);
    TRY(auto const table, extractor.extract(files, 224, View::Plain, {}, {}));
    auto const width = table.pooled.columns / 3;
    Matrix features(files.size(), width);
    for (std::size_t i = 0; i < files.size(); ++i) {
        if (table.errors[i]) return fail(*table.errors[i]);
        std::ranges::copy(pick_pooling(table.pooled.row(i), Pooling::Average), features.row(i).begin());
    }
    auto const count = features.rows;
    write_npy<float>(out / "features.npy", "<f4", features.values, count, width);
    std::vector<std::int32_t> tags;
    for (std::size_t i = 0; i < count; ++i)
        tags.push_back(static_cast<std::int32_t>(dataset.labels.first(i)));
    write_npy<std::int32_t>(out / "tags.npy", "<i4", tags, count, 1);
    write_npy<std::int32_t>(out / "groups.npy", "<i4", groups, count, 1);

    double seconds = 0;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        auto const part = group_folds(dataset.labels, groups, kOuterFolds, seed);
        Matrix answers(count, dataset.labels.classes);
        for (int fold = 0; fold < kOuterFolds; ++fold) {
            std::vector<std::size_t> learn;
            std::vector<std::size_t> ask;
            std::vector<int> learn_groups;
            for (std::size_t i = 0; i < count; ++i) {
                (part[i] == fold ? ask : learn).push_back(i);
                if (part[i] != fold) learn_groups.push_back(groups[i]);
            }
            CrossValidationOptions options;
            options.seed = seed;
            options.threads = threads;
            auto const began = std::chrono::steady_clock::now();
            TRY(auto const fitted,
                fit(only(features, learn), only(dataset.labels, learn), learn_groups, options));
            seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
            auto logits = fitted.head.logits(only(features, ask));
            to_probabilities(vision::Kind::Multiclass, logits);
            for (std::size_t i = 0; i < ask.size(); ++i)
                std::ranges::copy(logits.row(i), answers.row(ask[i]).begin());
        }
        write_npy<std::int32_t>(out / fmt::format("folds-{}.npy", seed), "<i4", part, count, 1);
        write_npy<float>(out / fmt::format("answers-{}.npy", seed), "<f4", answers.values, count,
                         answers.columns);
    }
    fmt::print("{{\"pictures\": {}, \"tags\": {}, \"seconds_per_fit\": {:.3f}}}\n", count,
               dataset.labels.classes, seconds / (static_cast<double>(seeds) * kOuterFolds));
    return {};
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3 || argc > 5) {
        std::fputs("usage: heads PICTURES OUT [SEEDS [CACHE]]\n", stderr);
        return 2;
    }
    auto const status = run(argv[1], argv[2], argc > 3 ? std::stoull(argv[3]) : 5, argc > 4 ? argv[4] : "");
    if (status) return 0;
    std::fprintf(stderr, "%s\n", status.error().message.c_str());
    return 1;
}
