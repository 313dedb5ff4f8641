#pragma once

#include <filesystem>
#include <vector>

#include "registry/model.hpp"
#include "registry/storage.hpp"

namespace ounce::registry {

/// The models of this hub: files under a name and a version, with what people say about them.
/// Each call waits for the disk; any thread but the ledger's.
class Models {
  public:
    /// `storage` must outlive it.
    explicit Models(Storage const& storage) : storage_(&storage) {}

    /// Files the model under the name's next version. Its files must be blobs of the registry (uploaded
    /// before); one that is a model package is read and checked first, and what it says of itself is kept.
    /// Errors: InvalidArgument (name, path, label, no files, a path twice or inside a file), NotFound for an
    /// unknown blob, ResourceExhausted beyond the bounds of model.hpp; InvalidArgument for a
    /// damaged package, naming the file.
    Result<Model> add(NewModel model) const;

    /// Errors: InvalidArgument for a filter that cannot be (a bad token, too many labels).
    [[nodiscard]] Result<ModelPage> list(ModelFilter const& filter) const;

    /// Version 0 means the latest. Errors: NotFound.
    [[nodiscard]] Result<Model> get(ModelId const& id) const;
    /// By path. Errors: NotFound.
    [[nodiscard]] Result<std::vector<ModelFile>> files(Model const& model) const;
    /// The models of an asset, oldest first; empty if none.
    [[nodiscard]] Result<std::vector<Model>> find_by_asset(std::string_view asset) const;

    /// Errors: NotFound; FailedPrecondition if a property would change or go; as add() for labels.
    [[nodiscard]] Result<Model> update(ModelId const& id, ModelUpdate const& update) const;

    /// The version only; its number is not used again. Files that nothing else needs are removed; a download
    /// that has begun goes on. Errors: NotFound.
    Status remove(ModelId const& id) const;

  private:
    Storage const* storage_;
};

/// What a model package among `files` says of itself: {"name", "kind", "tags", "metrics", "lineage"}; null
/// if they are none (no package.json of the package format beside a model.onnx). Reads the whole package.
/// Errors: as vision::read_package, but InvalidArgument if it is damaged: the sender must mend it.
Result<Json> describe_package(Storage const& storage, std::vector<ModelFile> const& files);

}  // namespace ounce::registry
