#include "train/golden.hpp"

#include <algorithm>
#include <cmath>

#include "base/file.hpp"
#include "base/parallel.hpp"
#include "train/picture_identity.hpp"
#include "vision/decode.hpp"

namespace ounce::train {
namespace {

constexpr std::size_t kGoldenMax = 8;
constexpr std::uint64_t kGoldenBytesMax = std::uint64_t{24} << 20;

std::string file_ending(vision::Format format) {
    switch (format) {
        case vision::Format::Jpeg:
            return "jpg";
        case vision::Format::Png:
            return "png";
        case vision::Format::Bmp:
            return "bmp";
        case vision::Format::Gif:
            return "gif";
        case vision::Format::WebP:
            return "webp";
    }
    return "jpg";
}

}  // namespace

std::vector<std::size_t> choose_golden(std::vector<PictureFile> const& files, Labels const& labels) {
    std::vector<std::pair<std::uintmax_t, std::size_t>> by_size;
    for (std::size_t i = 0; i < files.size(); ++i) {
        std::error_code error;
        auto const size = std::filesystem::file_size(files[i].path, error);
        if (!error) by_size.emplace_back(size, i);
    }
    std::ranges::sort(by_size);
    std::vector<std::size_t> chosen;
    std::uintmax_t bytes = 0;
    std::vector<std::size_t> have(labels.classes + 1, 0);
    for (std::size_t round = 1; chosen.size() < kGoldenMax && round <= kGoldenMax; ++round) {
        for (auto const& [size, i] : by_size) {
            auto& count = have[labels.first(i)];
            if (count >= round || chosen.size() >= kGoldenMax) continue;
            if (!chosen.empty() && bytes + size > kGoldenBytesMax) continue;
            if (std::ranges::find(chosen, i) != chosen.end()) continue;
            ++count;
            bytes += size;
            chosen.push_back(i);
        }
    }
    return chosen;
}

Result<double> add_golden(vision::Package& package, std::vector<PictureFile> const& files,
                          std::vector<std::size_t> const& golden, Matrix const& expected, int threads) {
    TRY(auto const session, vision::Session::create(package.model));
    std::vector<vision::GoldenImage> images(golden.size());
    std::vector<Result<double>> differences(golden.size(), 0.0);
    auto const one = [&](std::size_t g) -> Result<double> {
        auto const i = golden[g];
        TRY(auto content, read_file(files[i].path, kPictureBytesMax));
        TRY(auto const header, vision::read_header(content));
        auto const& recipe = package.info.recipe;
        vision::DecodeOptions options;
        options.shorter_side_min_px = vision::decode_shorter_side_px(recipe);
        options.orient = recipe.orient;
        TRY(auto const decoded, vision::decode(content, options));
        TRY(auto const input, vision::apply(recipe, decoded.image));
        TRY(auto outputs, session.run(input, {package.info.output}));
        double difference = 0;
        for (std::size_t k = 0; k < expected.columns; ++k)
            difference = std::max(difference, std::abs(static_cast<double>(outputs[0].values[k]) -
                                                       static_cast<double>(expected.row(i)[k])));
        images[g] = {fmt::format("golden-{}.{}", g + 1, file_ending(header.format)), std::move(content),
                     std::move(outputs[0].values)};
        return difference;
    };
    parallel_for(golden.size(), threads, [&](std::size_t g) { differences[g] = one(g); });
    double largest = 0;
    for (auto& difference : differences) {
        if (!difference) return fail(difference.error().in("checking the exported model"));
        largest = std::max(largest, *difference);
    }
    package.golden = std::move(images);
    return largest;
}

}  // namespace ounce::train
