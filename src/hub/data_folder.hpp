#pragma once

#include <filesystem>
#include <string_view>

#include "base/descriptor.hpp"
#include "base/result.hpp"

namespace ounce::hub {

/// Where everything that a hub keeps lies. Only names; a value.
class DataFolder {
  public:
    /// `root` becomes absolute, so that a later change of directory does no harm.
    explicit DataFolder(std::filesystem::path const& root);

    [[nodiscard]] std::filesystem::path const& root() const { return root_; }
    [[nodiscard]] std::filesystem::path config() const { return root_ / "hub.toml"; }
    [[nodiscard]] std::filesystem::path lock() const { return root_ / "lock"; }

    [[nodiscard]] std::filesystem::path keys() const { return root_ / "keys"; }
    [[nodiscard]] std::filesystem::path keyring() const { return keys() / "keyring.json"; }
    [[nodiscard]] std::filesystem::path authority_certificate() const { return keys() / "ca.pem"; }
    [[nodiscard]] std::filesystem::path authority_key() const { return keys() / "ca.key"; }
    [[nodiscard]] std::filesystem::path server_certificate() const { return keys() / "server.pem"; }
    [[nodiscard]] std::filesystem::path server_key() const { return keys() / "server.key"; }

    /// "iot" gives iot.db. `databases` has the list.
    [[nodiscard]] std::filesystem::path database(std::string_view name) const;
    [[nodiscard]] std::filesystem::path blobs() const { return root_ / "blobs"; }
    [[nodiscard]] std::filesystem::path cache() const { return root_ / "cache"; }
    [[nodiscard]] std::filesystem::path tmp() const { return root_ / "tmp"; }

  private:
    std::filesystem::path root_;
};

/// Makes a folder that only its owner may look into (0700), and its parents. One that is there keeps its
/// mode. Errors: as make_folder.
Status make_private_folder(std::filesystem::path const& path);

/// The same, and removes what is in it. For what no process holds any more.
/// Errors: as make_folder; of what cannot be removed.
Status make_empty_folder(std::filesystem::path const& path);

/// A lock that one process at a time holds; it goes with the object, and with the process, however that ends.
class FolderLock {
  public:
    /// Takes the lock at once or not at all; `path` is made if it is missing and then holds our process id.
    /// Errors: Unavailable if another process holds it (says which); as write_file.
    static Result<FolderLock> take(std::filesystem::path const& path);

    /// Waits until it is free; for work that is short. `folder` itself is locked, nothing is made.
    static Result<FolderLock> wait_for(std::filesystem::path const& folder);

  private:
    explicit FolderLock(Descriptor file) : file_(std::move(file)) {}
    Descriptor file_;
};

}  // namespace ounce::hub
