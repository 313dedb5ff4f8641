// Which pictures there are, what they are, and which belong together: the part of training that `evaluate`
// shares.
#include <algorithm>
#include <map>
#include <mutex>
#include <optional>

#include "base/file.hpp"
#include "base/parallel.hpp"
#include "train/trainer.hpp"

namespace ounce::train {
namespace {

void keep_only(Listing& listing, std::vector<PictureIdentity>& identities,
               std::vector<std::uint8_t> const& keep) {
    std::size_t to = 0;
    for (std::size_t i = 0; i < keep.size(); ++i) {
        if (keep[i] == 0) continue;
        if (to != i) {
            listing.pictures[to] = std::move(listing.pictures[i]);
            identities[to] = std::move(identities[i]);
        }
        ++to;
    }
    listing.pictures.resize(to);
    identities.resize(to);
}

std::string joined(std::vector<std::string> const& tags) {
    std::string text;
    for (auto const& tag : tags) text += (text.empty() ? "" : ";") + tag;
    return text;
}

}  // namespace

Result<std::vector<PictureIdentity>> identify_pictures(Listing& listing, bool multilabel,
                                                       CacheOptions const& cache, int threads,
                                                       ProgressSink const& progress, std::stop_token stop) {
    auto const count = listing.pictures.size();
    std::optional<RecordCache> known;
    if (!cache.folder.empty()) {
        auto opened = RecordCache::open(cache.folder / "pictures", cache.bytes_max);
        if (opened) known.emplace(std::move(*opened));
    }
    std::vector<PictureIdentity> identities(count);
    std::vector<std::optional<Error>> errors(count);
    std::mutex one_at_a_time;
    std::uint64_t done = 0;
    bool remember = true;
    parallel_for(count, threads, [&](std::size_t i) {
        if (stop.stop_requested()) return;
        auto const& path = listing.pictures[i].path;
        auto const key = known ? file_state_key(path) : std::nullopt;
        if (auto const record = key ? known->find(*key) : std::nullopt) {
            if (auto identity = from_record(*record)) {
                identities[i] = std::move(*identity);
                return;
            }
        }
        auto bytes = read_file(path, kPictureBytesMax);
        auto identity = bytes ? identify(*bytes) : Result<PictureIdentity>(fail(bytes.error()));
        std::lock_guard const lock(one_at_a_time);
        if (!identity) {
            errors[i] = identity.error();
        } else {
            identities[i] = std::move(*identity);
            // What cannot be remembered (a full disk) is read again next time.
            if (key && known && remember)
                remember = known->append(*key, to_record(identities[i])).has_value();
        }
        if (progress) progress({"reading pictures", ++done, count});
    });
    if (stop.stop_requested()) return fail(Code::Cancelled, "stopped while reading the pictures");

    std::vector<std::uint8_t> keep(count, 1);
    std::map<crypto::Sha256, std::size_t> first;
    for (std::size_t i = 0; i < count; ++i) {
        auto& picture = listing.pictures[i];
        if (errors[i]) {
            listing.problems.push_back({picture.name, errors[i]->message});
            keep[i] = 0;
            continue;
        }
        auto const [found, added] = first.try_emplace(identities[i].sha256, i);
        if (added) continue;
        auto& other = listing.pictures[found->second];
        if (other.tags != picture.tags && !multilabel)
            return fail(
                Code::InvalidArgument,
                "the same picture has two tags: {} ({}) and {} ({}); delete one, or use --kind multilabel",
                other.name, joined(other.tags), picture.name, joined(picture.tags));
        for (auto& tag : picture.tags)
            if (std::ranges::find(other.tags, tag) == other.tags.end()) other.tags.push_back(std::move(tag));
        listing.problems.push_back({picture.name, "the same picture as " + other.name + ": counted once"});
        keep[i] = 0;
    }
    keep_only(listing, identities, keep);
    return identities;
}

std::vector<int> known_groups(Listing const& listing, std::span<PictureIdentity const> identities,
                              std::string& source) {
    auto const count = listing.pictures.size();
    if (listing.has_groups) {
        std::map<std::string, int> numbers;
        std::vector<int> groups(count, -1);
        for (std::size_t i = 0; i < count; ++i) {
            auto const& name = listing.pictures[i].group;
            if (!name.empty())
                groups[i] = numbers.try_emplace(name, static_cast<int>(numbers.size())).first->second;
        }
        source = fmt::format("{} groups from the CSV", numbers.size());
        return groups;
    }
    auto groups = burst_groups(identities);
    auto const largest = groups.empty() ? -1 : *std::ranges::max_element(groups);
    source = largest < 0 ? "no groups known: each picture counts as taken by itself"
                         : fmt::format("{} bursts, by camera and time (EXIF, within 60 s)", largest + 1);
    return groups;
}

}  // namespace ounce::train
