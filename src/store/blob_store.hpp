#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace ounce::store {

/// A blob that is being written; gone again unless it is finished. One thread.
class BlobWriter {
  public:
    BlobWriter(BlobWriter&&) noexcept;
    BlobWriter& operator=(BlobWriter&&) noexcept;
    ~BlobWriter();

    /// Errors: ResourceExhausted if the disk is full or `bytes_max` would be passed.
    Status write(ByteView bytes);
    [[nodiscard]] std::uint64_t size() const;

    /// Where the bytes lie until then, for code that reads them before deciding (borrowed).
    [[nodiscard]] std::filesystem::path const& path() const;

    /// Syncs, and gives the blob its name. Returns its SHA-256 in lower-case hexadecimal. If it is there
    /// already, the new copy is dropped. Errors: as write_file.
    Result<std::string> finish();

  private:
    friend class BlobStore;
    struct State;
    explicit BlobWriter(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// Immutable files named by the SHA-256 of what they hold, under one folder: blobs/ab/abcdef….
/// Whoever refers to a blob keeps its name in a database; a blob that nobody names any more is removed by its
/// owner. Any thread.
class BlobStore {
  public:
    /// Makes the folder if it is missing and clears away what unfinished writers of a former run left.
    static Result<BlobStore> open(std::filesystem::path const& folder);

    /// Errors: as write_file.
    [[nodiscard]] Result<BlobWriter> create(std::uint64_t bytes_max) const;
    /// All at once. Returns the digest.
    [[nodiscard]] Result<std::string> put(ByteView bytes) const;

    /// Takes over the file at `file` (same file system), which lies under tmp_folder(), as a blob: hashes,
    /// syncs, renames. Returns the digest.
    [[nodiscard]] Result<std::string> adopt(std::filesystem::path const& file) const;

    /// Where the blob lies. Errors: NotFound; InvalidArgument if `digest` is not 64 hexadecimal digits.
    [[nodiscard]] Result<std::filesystem::path> find(std::string_view digest) const;
    /// Errors: as find and read_file.
    [[nodiscard]] Result<Bytes> read(std::string_view digest, std::uint64_t bytes_max) const;
    /// Nothing to do if it is not there.
    Status remove(std::string_view digest) const;

    /// For files on their way in; cleared when the store is opened.
    [[nodiscard]] std::filesystem::path const& tmp_folder() const { return tmp_; }
    [[nodiscard]] std::filesystem::path const& folder() const { return folder_; }

  private:
    BlobStore(std::filesystem::path folder, std::filesystem::path tmp)
        : folder_(std::move(folder)), tmp_(std::move(tmp)) {}
    std::filesystem::path folder_;
    std::filesystem::path tmp_;
};

}  // namespace ounce::store
