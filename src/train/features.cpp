#include "train/features.hpp"

#include <atomic>
#include <chrono>
#include <cstring>
#include <mutex>

#include "base/file.hpp"
#include "base/parallel.hpp"
#include "train/near_duplicates.hpp"
#include "train/picture_identity.hpp"
#include "train/pooling.hpp"
#include "train/record_cache.hpp"
#include "vision/decode.hpp"

namespace ounce::train {
namespace {

/// Raised whenever pooling, hashing or views change what they give: old records are then not found.
constexpr int kVersion = 1;

struct Seen {
    std::uint64_t hash = 0;
    std::uint64_t damaged = 0;
    std::vector<float> pooled;
};

Bytes to_record(Seen const& seen) {
    Bytes record(16 + seen.pooled.size() * sizeof(float));
    std::memcpy(record.data(), &seen.hash, 8);
    std::memcpy(record.data() + 8, &seen.damaged, 8);
    std::memcpy(record.data() + 16, seen.pooled.data(), seen.pooled.size() * sizeof(float));
    return record;
}

/// False if the record is not of that width.
bool take_record(ByteView record, std::span<float> row, std::uint64_t& hash, std::uint8_t& damaged) {
    if (record.size() != 16 + row.size() * sizeof(float)) return false;
    std::uint64_t flag = 0;
    std::memcpy(&hash, record.data(), 8);
    std::memcpy(&flag, record.data() + 8, 8);
    std::memcpy(row.data(), record.data() + 16, row.size() * sizeof(float));
    damaged = flag != 0 ? 1 : 0;
    return true;
}

Result<Seen> look(vision::Session const& session, vision::Recipe const& recipe, View view,
                  PictureFile const& picture, std::size_t channels) {
    TRY(auto const bytes, read_file(picture.path, kPictureBytesMax));
    if (crypto::sha256(bytes) != picture.sha256)
        return fail(Code::FailedPrecondition, "changed while training");
    vision::DecodeOptions options;
    options.shorter_side_min_px = vision::decode_shorter_side_px(recipe);
    options.orient = recipe.orient;
    TRY(auto decoded, vision::decode(bytes, options));
    Seen seen;
    seen.hash = difference_hash(decoded.image);
    seen.damaged = decoded.damaged ? 1 : 0;
    if (view != View::Plain) {
        std::uint64_t seed = 0;
        std::memcpy(&seed, picture.sha256.data(), sizeof seed);
        decoded.image = augmented(decoded.image, view, seed);
    }
    TRY(auto const input, vision::apply(recipe, decoded.image));
    TRY(auto const outputs, session.run(input, {"map"}));
    seen.pooled = pool_all(outputs[0].values, channels);
    return seen;
}

}  // namespace

Result<vision::Session const*> FeatureExtractor::session() {
    if (!session_) {
        TRY(auto const path, backbone_model_path(backbone_));
        TRY(auto opened, vision::Session::open(path, {.threads = 1}));
        session_.emplace(std::move(opened));
    }
    return &*session_;
}

Result<FeatureTable> FeatureExtractor::extract(std::span<PictureFile const> pictures, int side_px, View view,
                                               ProgressSink const& progress, std::stop_token stop) {
    if (side_px < backbone_.stride_px || side_px > 2048 || side_px % backbone_.stride_px != 0)
        return fail(Code::InvalidArgument, "side {}: must be a multiple of {} from {} to 2048", side_px,
                    backbone_.stride_px, backbone_.stride_px);
    auto const channels = static_cast<std::size_t>(backbone_.feature_count);
    auto const recipe = recipe_at(backbone_, side_px);
    FeatureTable table;
    table.pooled = Matrix(pictures.size(), 3 * channels);
    table.hashes.resize(pictures.size());
    table.damaged.resize(pictures.size());
    table.errors.resize(pictures.size());

    // One folder for each way of looking, so that opening the cache reads nothing that is of no use.
    std::optional<RecordCache> cache;
    if (!cache_.folder.empty()) {
        auto const way =
            fmt::format("{}@{} {} {} {} {}", backbone_.name, backbone_.version, backbone_.onnx_sha256,
                        dump_json(vision::to_json(recipe)), to_string(view), kVersion);
        trim_cache(cache_.folder, cache_.bytes_max);
        auto opened = RecordCache::open(cache_.folder / crypto::sha256_hex(as_bytes(way)).substr(0, 24),
                                        cache_.bytes_max);
        if (opened) cache.emplace(std::move(*opened));
    }
    std::vector<std::size_t> missing;
    for (std::size_t i = 0; i < pictures.size(); ++i) {
        auto const record = cache ? cache->find(pictures[i].sha256) : std::nullopt;
        if (!record || !take_record(*record, table.pooled.row(i), table.hashes[i], table.damaged[i]))
            missing.push_back(i);
    }
    if (missing.empty()) return table;

    TRY(auto const* const network, session());
    auto const started = std::chrono::steady_clock::now();
    auto const step = view == View::Plain ? fmt::format("features at {}", side_px)
                                          : fmt::format("features at {} ({})", side_px, to_string(view));
    std::mutex one_at_a_time;
    std::uint64_t done = 0;
    parallel_for(missing.size(), threads_, [&](std::size_t m) {
        if (stop.stop_requested()) return;
        auto const i = missing[m];
        auto seen = look(*network, recipe, view, pictures[i], channels);
        std::lock_guard const lock(one_at_a_time);
        if (seen) {
            std::ranges::copy(seen->pooled, table.pooled.row(i).begin());
            table.hashes[i] = seen->hash;
            table.damaged[i] = seen->damaged != 0 ? 1 : 0;
            // A full disk must not end the training: what cannot be kept is computed again next time.
            if (cache && !cache->append(pictures[i].sha256, to_record(*seen))) cache.reset();
        } else {
            table.errors[i] = std::move(seen.error());
        }
        if (progress) progress({step, ++done, missing.size()});
    });
    if (stop.stop_requested())
        return fail(Code::Cancelled, "stopped; the features computed so far are kept for the next run");
    table.computed = missing.size();
    table.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    return table;
}

}  // namespace ounce::train
