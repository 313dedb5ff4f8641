#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "registry/model.hpp"
#include "registry/storage.hpp"

namespace ounce::registry {

inline constexpr std::size_t kArtifactsMax = 200'000;  // files that wait to be registered
inline constexpr std::size_t kBlocksMax = 50'000;      // pieces of one file
inline constexpr std::size_t kAssetsMax = 20'000;

/// Where a file lies until a model is registered from it (azureml-v1.md section 4): "LocalUpload", a
/// container that the client made up, and a path in it.
struct ArtifactPlace {
    std::string origin;
    std::string container;
    std::string path;
};

struct Artifact {
    std::string path;
    Blob blob;
};

/// The name that a client gives to a folder or file of artifacts before it registers a model from them.
struct Asset {
    std::string id;
    std::string name;
    std::string origin;
    std::string container;
    std::string prefix;
};

/// Files that came in and belong to no model yet. They are swept a day after they came (see sweep.hpp).
/// Each call waits for the disk; any thread but the ledger's.
class Artifacts {
  public:
    /// `storage` must outlive it.
    explicit Artifacts(Storage const& storage) : storage_(&storage) {}

    /// Takes over the file at `file` as the artifact at `place`; what was there before is replaced.
    /// Errors: InvalidArgument for a bad place; ResourceExhausted (disk, kArtifactsMax).
    Result<Blob> put(ArtifactPlace const& place, std::filesystem::path const& file) const;

    /// Takes over a piece of the artifact to be. The same name again replaces the piece.
    /// Errors: as put(); ResourceExhausted beyond kBlocksMax.
    Status put_block(ArtifactPlace const& place, std::string_view name,
                     std::filesystem::path const& file) const;
    /// Makes the artifact of these pieces in this order; pieces not named are dropped. The same list again
    /// gives the same artifact, if that is still there. Errors: InvalidArgument if one has not come, or is
    /// used up; as put().
    Result<Blob> join_blocks(ArtifactPlace const& place, std::vector<std::string> const& names) const;

    /// Errors: NotFound.
    [[nodiscard]] Result<Blob> get(ArtifactPlace const& place) const;
    /// The file at `place.path`, or all files of the folder of that name ("" for all), by path.
    [[nodiscard]] Result<std::vector<Artifact>> list(ArtifactPlace const& place) const;
    Status remove(ArtifactPlace const& place) const;
    /// The artifact at `place` lies at `path` from now on; one that lay there is replaced. Errors: NotFound.
    Status rename(ArtifactPlace const& place, std::string_view path) const;

    /// Errors: InvalidArgument; ResourceExhausted beyond kAssetsMax.
    Result<Asset> add_asset(std::string name, ArtifactPlace prefix) const;
    /// Errors: NotFound.
    [[nodiscard]] Result<Asset> get_asset(std::string_view id) const;

    /// Forgets what came before `before`, bounded pieces at a time. Returns how many files.
    Result<std::size_t> sweep(Time before) const;

  private:
    [[nodiscard]] Result<Blob> join(ArtifactPlace const& place, std::vector<std::string> const& names) const;
    Status keep(ArtifactPlace const& place, Blob const& blob, std::string_view blocks) const;
    Storage const* storage_;
};

/// The files of a model to be made of `artifacts` under `prefix`, and its root: the prefix's last part if
/// that is a folder. Pure.
struct ModelFiles {
    std::string root;
    std::vector<ModelFile> files;
};
ModelFiles model_files_of(std::string_view prefix, std::vector<Artifact> const& artifacts);

}  // namespace ounce::registry
