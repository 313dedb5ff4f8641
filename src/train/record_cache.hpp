#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace ounce::train {

/// Things that were costly to work out, kept on disk by a 32-byte key: picture features, file hashes.
///
/// A folder of append-only files (docs/formats/cache.md). A process appends only to a file that it made
/// itself, so any number may run at once; what others write is seen at the next open. A record carries its
/// length and a checksum: a torn or damaged tail is left out. Nothing here is the only copy of anything: a
/// cache that cannot be read is empty, one that cannot be written forgets.
/// When the folder outgrows its cap, the files that were longest unused go first.
class RecordCache {
  public:
    using Key = std::array<std::uint8_t, 32>;

    /// Errors: as make_folder.
    static Result<RecordCache> open(std::filesystem::path const& folder, std::uint64_t bytes_max);
    RecordCache(RecordCache&&) noexcept;
    RecordCache& operator=(RecordCache&&) noexcept;
    ~RecordCache();

    /// Valid while the cache is. Several threads may look at once; not while another appends.
    [[nodiscard]] std::optional<ByteView> find(Key const& key) const;

    /// Keeps `record` (at most 64 MiB); one thread at a time. It is on its way to the disk when this returns
    /// and survives the end of this process; a power cut may lose it. It is found only after the next open.
    Status append(Key const& key, ByteView record);

    [[nodiscard]] std::size_t count() const;

  private:
    struct State;
    explicit RecordCache(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// Deletes the least recently used files below `folder` until all take no more than `bytes_max`.
void trim_cache(std::filesystem::path const& folder, std::uint64_t bytes_max);

}  // namespace ounce::train
