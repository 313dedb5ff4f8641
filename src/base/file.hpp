#pragma once

#include <cstdint>
#include <filesystem>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace ounce {

/// Reads a whole regular file. Any thread.
/// Errors: NotFound; PermissionDenied; InvalidArgument if it is no regular file (a FIFO or device is
/// never opened for reading); ResourceExhausted if it is larger than `bytes_max`; DataLoss on a read error.
Result<Bytes> read_file(std::filesystem::path const& path, std::uint64_t bytes_max);

/// Replaces `path` by `content` so that a crash leaves either the old or the new file whole: writes a
/// temporary file beside it, syncs it, renames it, syncs the folder. The folder must exist. Any thread.
/// Errors: ResourceExhausted if the disk is full; PermissionDenied; NotFound if the folder is missing.
Status write_file(std::filesystem::path const& path, ByteView content);

/// Writes a new file that only its owner may read (mode 0600 from the start), for keys. Never replaces one.
/// Errors: AlreadyExists; else as `write_file`.
Status create_private_file(std::filesystem::path const& path, ByteView content);

/// As `write_file`, but only the owner may read what is written (mode 0600 from the start).
Status write_private_file(std::filesystem::path const& path, ByteView content);

/// The failure of a system call on `path`: errno's kind and words, "PATH: cannot DOING: why".
tl::unexpected<Error> system_failure(std::filesystem::path const& path, char const* doing, int error);

/// Makes the names in `folder` survive a power cut: to be called after a rename or a removal. Errors as
/// `write_file`.
Status sync_folder(std::filesystem::path const& folder);

/// Makes the folder and its parents. Errors as `write_file`.
Status make_folder(std::filesystem::path const& path);

/// A folder of its own under the system's place for temporary files, removed with all it holds when the
/// object goes.
class TemporaryFolder {
  public:
    static Result<TemporaryFolder> create();
    TemporaryFolder(TemporaryFolder&& other) noexcept;
    TemporaryFolder& operator=(TemporaryFolder&& other) noexcept;
    TemporaryFolder(TemporaryFolder const&) = delete;
    TemporaryFolder& operator=(TemporaryFolder const&) = delete;
    ~TemporaryFolder();

    [[nodiscard]] std::filesystem::path const& path() const { return path_; }

  private:
    explicit TemporaryFolder(std::filesystem::path path) : path_(std::move(path)) {}
    std::filesystem::path path_;
};

}  // namespace ounce
