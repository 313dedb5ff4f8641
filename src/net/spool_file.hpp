#pragma once

#include <cstdint>
#include <filesystem>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "net/http.hpp"

namespace ounce::net {

/// A request body on its way to a file of its own (mode 0600, a name nobody else has). Removed when this goes
/// unless finished. Waits for the disk; any one thread at a time.
class SpoolFile {
  public:
    /// Errors as append.
    static Result<SpoolFile> create(std::filesystem::path const& folder);
    SpoolFile(SpoolFile&& other) noexcept;
    SpoolFile& operator=(SpoolFile&&) = delete;
    ~SpoolFile();

    /// Errors: ResourceExhausted if the disk is full; Unavailable for what else a disk says.
    Status append(ByteView bytes);
    /// The file as it is: written, not synced (who keeps it syncs it).
    SpooledBody finish();

  private:
    SpoolFile(int file, std::filesystem::path path) : file_(file), path_(std::move(path)) {}
    int file_;
    std::filesystem::path path_;
    std::uint64_t size_ = 0;
};

/// A file open for sending. Waits for the disk; any one thread at a time.
class FileReader {
  public:
    /// Errors: NotFound if it cannot be opened; DataLoss if it ends before `body` does.
    static Result<FileReader> open(FileBody const& body);
    FileReader(FileReader&& other) noexcept;
    FileReader& operator=(FileReader&&) = delete;
    ~FileReader();

    [[nodiscard]] std::uint64_t left() const { return left_; }
    /// The next `bytes_max` bytes or what is left. Errors: DataLoss if the file became shorter or cannot be
    /// read.
    Result<std::string> read(std::size_t bytes_max);

  private:
    FileReader(int file, std::uint64_t offset, std::uint64_t left)
        : file_(file), offset_(offset), left_(left) {}
    int file_;
    std::uint64_t offset_;
    std::uint64_t left_;
};

}  // namespace ounce::net
