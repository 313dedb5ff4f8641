#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "registry/storage.hpp"

namespace ounce::registry {

inline constexpr std::size_t kUploadsMax = 10'000;  // open at once

/// How far an upload has come.
struct Upload {
    std::string id;
    std::uint64_t offset = 0;  // bytes that are here to stay
};

/// Layers on their way into a repository, in pieces (OCI distribution specification 1.1, "Pushing blobs").
/// What was acknowledged survives a crash of the hub: the sender asks how far it came and goes on. Uploads
/// that nobody touches for a day are swept.
/// Each call waits for the disk; any thread but the ledger's. The `reason` of each error is the
/// specification's code.
class Uploads {
  public:
    /// `storage` must outlive it.
    explicit Uploads(Storage const& storage) : storage_(&storage) {}

    /// Errors: InvalidArgument for the name; ResourceExhausted beyond kUploadsMax.
    Result<Upload> start(std::string_view repository) const;
    /// Errors: NotFound.
    [[nodiscard]] Result<Upload> get(std::string_view repository, std::string_view id) const;

    /// Takes over the file at `piece` as the next bytes; it is gone afterwards in any case. `first` is where
    /// the sender thinks that they begin.
    /// Errors: NotFound; FailedPrecondition if `first` is not the offset; Aborted while another piece is
    /// being written; ResourceExhausted (disk, kFileBytesMax).
    Result<Upload> append(std::string_view repository, std::string_view id,
                          std::optional<std::uint64_t> first, std::filesystem::path const& piece) const;

    /// Makes the upload a blob of the repository, if its SHA-256 is `hex`. The upload is gone afterwards.
    /// Errors: NotFound; Aborted; InvalidArgument for another digest.
    Result<Blob> finish(std::string_view repository, std::string_view id, std::string_view hex) const;
    /// The same for a whole file that came at once.
    Result<Blob> put(std::string_view repository, std::filesystem::path const& file,
                     std::string_view hex) const;

    /// Errors: NotFound.
    Status cancel(std::string_view repository, std::string_view id) const;

    /// Drops uploads that were last touched before `before`, busy or not: no piece takes so long to write.
    /// Returns how many.
    Result<std::size_t> sweep(Time before) const;

  private:
    Result<Blob> settle(std::string_view repository, std::string_view id, Blob blob,
                        std::string_view hex) const;
    Status release(std::string_view id, std::uint64_t offset) const;
    Storage const* storage_;
};

}  // namespace ounce::registry
