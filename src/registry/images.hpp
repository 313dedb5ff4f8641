#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "registry/manifest.hpp"
#include "registry/storage.hpp"

namespace ounce::registry {

inline constexpr std::size_t kTagsMax = 100'000;       // of one repository
inline constexpr std::size_t kManifestsMax = 100'000;  // of one repository
inline constexpr std::size_t kReferrersMax = 1'000;    // told at once

/// A manifest as it came.
struct StoredManifest {
    std::string digest;  // hexadecimal
    std::string media_type;
    Bytes content;
};

/// One entry of the list of referrers.
struct Referrer {
    std::string digest;
    std::string media_type;
    std::uint64_t size = 0;
    std::string artifact_type;
    Json annotations;
};

/// Repositories of container images: which blobs each may show, its manifests, and their tags (OCI
/// distribution specification 1.1). A repository is there while it has a manifest.
/// Each call waits for the disk; any thread but the ledger's. Names are checked; the `reason` of each error
/// is the specification's code.
class Images {
  public:
    /// `storage` must outlive it.
    explicit Images(Storage const& storage) : storage_(&storage) {}

    /// A blob of this repository, by the hexadecimal digits of its digest. Looking at one that no manifest
    /// names keeps it from the sweep for another day: somebody is about to push a manifest. Errors: NotFound.
    [[nodiscard]] Result<Blob> get_blob(std::string_view repository, std::string_view hex) const;
    /// Shows a blob of `from` (empty: of any repository) in `repository` too, without sending it.
    /// Errors: NotFound.
    Result<Blob> mount(std::string_view repository, std::string_view from, std::string_view hex) const;
    /// Errors: NotFound; FailedPrecondition while a manifest of this repository names it.
    Status remove_blob(std::string_view repository, std::string_view hex) const;

    /// By tag or "sha256:…". Errors: NotFound.
    [[nodiscard]] Result<StoredManifest> get_manifest(std::string_view repository,
                                                      std::string_view reference) const;
    /// Keeps the manifest, and the tag if `reference` is one. All that it names must be in this repository.
    /// Errors: InvalidArgument (not valid, another digest than `reference`); NotFound (a part is missing);
    /// ResourceExhausted.
    struct Put {
        std::string digest;   // hexadecimal
        std::string subject;  // hexadecimal; empty: none
    };
    Result<Put> put_manifest(std::string_view repository, std::string_view reference,
                             std::string_view media_type, ByteView content) const;
    /// A tag alone, or by its digest a manifest with all its tags. Errors: NotFound; FailedPrecondition if it
    /// is a part of an index.
    Status remove_manifest(std::string_view repository, std::string_view reference) const;

    /// Names after `last`, sorted, at most `count` (up to 1,000); one more than `count` if there are more.
    /// Errors: NotFound for an unknown repository.
    [[nodiscard]] Result<std::vector<std::string>> tags(std::string_view repository, std::string_view last,
                                                        std::size_t count) const;
    [[nodiscard]] Result<std::vector<std::string>> repositories(std::string_view last,
                                                                std::size_t count) const;
    /// The manifests that are about this one, of `artifact_type` unless that is empty.
    [[nodiscard]] Result<std::vector<Referrer>> referrers(std::string_view repository, std::string_view hex,
                                                          std::string_view artifact_type) const;

    /// Drops blobs from repositories whose manifests do not name them and that came before `before`. Returns
    /// how many.
    Result<std::size_t> sweep(Time before) const;

  private:
    Storage const* storage_;
};

}  // namespace ounce::registry
