#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <vector>

#include "base/progress.hpp"
#include "crypto/sha256.hpp"
#include "train/augmentation.hpp"
#include "train/backbone.hpp"
#include "train/matrix.hpp"
#include "vision/session.hpp"

namespace ounce::train {

/// A picture to look at: where it lies, and what it must be (features are kept by content, not by path).
struct PictureFile {
    std::filesystem::path path;
    crypto::Sha256 sha256{};
};

/// What the backbone sees in pictures, a row each, in the order asked for.
struct FeatureTable {
    Matrix pooled;                             // pictures x 3 * channels, as pool_all()
    std::vector<std::uint64_t> hashes;         // difference_hash() of each
    std::vector<std::uint8_t> damaged;         // 1: the file broke off, what could be saved was used
    std::vector<std::optional<Error>> errors;  // of pictures that could not be read: their row is 0
    std::size_t computed = 0;                  // the rest came from the cache
    double seconds = 0;                        // that computing took
};

/// Where features are kept, and how much disk they may take.
struct CacheOptions {
    std::filesystem::path folder;  // empty: keep nothing
    std::uint64_t bytes_max = std::uint64_t{4} << 30;
};

/// Runs a backbone over pictures on all cores, and remembers. Changing tags never computes anything again;
/// another side, view, recipe or backbone does. One caller at a time.
class FeatureExtractor {
  public:
    FeatureExtractor(Backbone backbone, CacheOptions cache, int threads)
        : backbone_(std::move(backbone)), cache_(std::move(cache)), threads_(threads) {}

    /// `view` other than Plain shows each picture so, with a seed from its content. Stopping keeps what was
    /// computed so far for the next run. Errors: as backbone_model_path and Session::open; Cancelled;
    /// InvalidArgument for a side that is no multiple of the backbone's stride. An unreadable picture is no
    /// error: see FeatureTable::errors. A cache that cannot be used costs time, nothing else.
    Result<FeatureTable> extract(std::span<PictureFile const> pictures, int side_px, View view,
                                 ProgressSink const& progress, std::stop_token stop);

    [[nodiscard]] Backbone const& backbone() const { return backbone_; }
    /// The backbone, loaded when first asked for. Errors: as backbone_model_path and Session::open.
    Result<vision::Session const*> session();

  private:
    Backbone backbone_;
    CacheOptions cache_;
    int threads_;
    std::optional<vision::Session> session_;
};

}  // namespace ounce::train
